-- assessments.find_kyt
SELECT chainalysis_kyt_results.id, chainalysis_kyt_results.request_id, chainalysis_kyt_results.verification_uuid, chainalysis_kyt_results.counterparty_vasp_id, chainalysis_kyt_results.api_type, chainalysis_kyt_results.user_id, chainalysis_kyt_results.direction, chainalysis_kyt_results.network, chainalysis_kyt_results.asset, chainalysis_kyt_results.amount, chainalysis_kyt_results.usd_price, chainalysis_kyt_results.transfer_ref, chainalysis_kyt_results.output_address, chainalysis_kyt_results.timestamp, chainalysis_kyt_results.external_id, chainalysis_kyt_results.status, chainalysis_kyt_results.worker_id, chainalysis_kyt_results.last_checked_at, chainalysis_kyt_results.alert_count, chainalysis_kyt_results.created_at, chainalysis_kyt_results.updated_at, chainalysis_kyt_results.assessed_at
FROM chainalysis_kyt_results
WHERE chainalysis_kyt_results.request_id = %(of_id)s::VARCHAR;

-- assessments.find_sanction
SELECT chainalysis_sanction_results.id, chainalysis_sanction_results.request_id, chainalysis_sanction_results.verification_uuid, chainalysis_sanction_results.counterparty_vasp_id, chainalysis_sanction_results.direction, chainalysis_sanction_results.address, chainalysis_sanction_results.status, chainalysis_sanction_results.ofac_name, chainalysis_sanction_results.ofac_description, chainalysis_sanction_results.ofac_url, chainalysis_sanction_results.created_at, chainalysis_sanction_results.updated_at
FROM chainalysis_sanction_results
WHERE chainalysis_sanction_results.request_id = %(of_id)s::VARCHAR;

-- assessments.find_wco
SELECT refinitiv_wco_results.id, refinitiv_wco_results.request_id, refinitiv_wco_results.verification_uuid, refinitiv_wco_results.counterparty_vasp_id, refinitiv_wco_results.direction, refinitiv_wco_results.case_system_id, refinitiv_wco_results.aggregated_result_summaries, refinitiv_wco_results.worker_id, refinitiv_wco_results.status, refinitiv_wco_results.last_checked_at, refinitiv_wco_results.created_at, refinitiv_wco_results.updated_at, refinitiv_wco_results.assessed_at
FROM refinitiv_wco_results
WHERE refinitiv_wco_results.request_id = %(of_id)s::VARCHAR;

-- assessments.insert_alerts
SELECT chainalysis_kyt_alerts.alert_id
FROM chainalysis_kyt_alerts
WHERE chainalysis_kyt_alerts.alert_id IN (__[POSTCOMPILE_of_ids]);
INSERT INTO chainalysis_kyt_alerts (external_id, alert_id, alert_level, entity_category, service_name, exposure_type, alert_amount, created_at, updated_at) VALUES (%(external_id)s::VARCHAR, %(alert_id)s::VARCHAR, %(alert_level)s, %(entity_category)s::VARCHAR, %(service_name)s::VARCHAR, %(exposure_type)s, %(alert_amount)s::VARCHAR, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE, %(updated_at)s::TIMESTAMP WITHOUT TIME ZONE) RETURNING chainalysis_kyt_alerts.id;

-- assessments.insert_kyt
INSERT INTO chainalysis_kyt_results (request_id, verification_uuid, counterparty_vasp_id, api_type, user_id, direction, network, asset, amount, usd_price, transfer_ref, output_address, timestamp, external_id, status, worker_id, last_checked_at, alert_count, created_at, updated_at, assessed_at) VALUES (%(request_id)s::VARCHAR, %(verification_uuid)s::VARCHAR, %(counterparty_vasp_id)s, %(api_type)s, %(user_id)s::VARCHAR, %(direction)s, %(network)s::VARCHAR, %(asset)s::VARCHAR, %(amount)s::VARCHAR, %(usd_price)s::VARCHAR, %(transfer_ref)s::VARCHAR, %(output_address)s::VARCHAR, %(timestamp)s::TIMESTAMP WITHOUT TIME ZONE, %(external_id)s::VARCHAR, %(status)s, %(worker_id)s::VARCHAR, %(last_checked_at)s::TIMESTAMP WITHOUT TIME ZONE, %(alert_count)s::INTEGER, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE, %(updated_at)s::TIMESTAMP WITHOUT TIME ZONE, %(assessed_at)s::TIMESTAMP WITHOUT TIME ZONE) RETURNING chainalysis_kyt_results.id;

-- assessments.insert_sanction
INSERT INTO chainalysis_sanction_results (request_id, verification_uuid, counterparty_vasp_id, direction, address, status, ofac_name, ofac_description, ofac_url, created_at, updated_at) VALUES (%(request_id)s::VARCHAR, %(verification_uuid)s::VARCHAR, %(counterparty_vasp_id)s, %(direction)s, %(address)s::VARCHAR, %(status)s, %(ofac_name)s::VARCHAR, %(ofac_description)s::VARCHAR, %(ofac_url)s::VARCHAR, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE, %(updated_at)s::TIMESTAMP WITHOUT TIME ZONE) RETURNING chainalysis_sanction_results.id;

-- assessments.insert_wco
INSERT INTO refinitiv_wco_results (request_id, verification_uuid, counterparty_vasp_id, direction, case_system_id, aggregated_result_summaries, worker_id, status, last_checked_at, created_at, updated_at, assessed_at) VALUES (%(request_id)s::VARCHAR, %(verification_uuid)s::VARCHAR, %(counterparty_vasp_id)s, %(direction)s, %(case_system_id)s::VARCHAR, %(aggregated_result_summaries)s::VARCHAR, %(worker_id)s::VARCHAR, %(status)s, %(last_checked_at)s::TIMESTAMP WITHOUT TIME ZONE, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE, %(updated_at)s::TIMESTAMP WITHOUT TIME ZONE, %(assessed_at)s::TIMESTAMP WITHOUT TIME ZONE) RETURNING refinitiv_wco_results.id;

-- assessments.list_alerts
SELECT chainalysis_kyt_alerts.id, chainalysis_kyt_alerts.external_id, chainalysis_kyt_alerts.alert_id, chainalysis_kyt_alerts.alert_level, chainalysis_kyt_alerts.entity_category, chainalysis_kyt_alerts.service_name, chainalysis_kyt_alerts.exposure_type, chainalysis_kyt_alerts.alert_amount, chainalysis_kyt_alerts.created_at, chainalysis_kyt_alerts.updated_at
FROM chainalysis_kyt_alerts
WHERE chainalysis_kyt_alerts.external_id = %(of_id)s::VARCHAR ORDER BY chainalysis_kyt_alerts.id;

-- assessments.take_kyt
UPDATE chainalysis_kyt_results SET worker_id=%(worker_id)s::VARCHAR, last_checked_at=%(last_checked_at)s::TIMESTAMP WITHOUT TIME ZONE WHERE chainalysis_kyt_results.id = %(of_id)s::BIGINT;

-- assessments.take_wco
UPDATE refinitiv_wco_results SET worker_id=%(worker_id)s::VARCHAR, last_checked_at=%(last_checked_at)s::TIMESTAMP WITHOUT TIME ZONE WHERE refinitiv_wco_results.id = %(of_id)s::BIGINT;

-- assessments.taking
SELECT chainalysis_kyt_results.id, chainalysis_kyt_results.request_id, chainalysis_kyt_results.verification_uuid, chainalysis_kyt_results.counterparty_vasp_id, chainalysis_kyt_results.api_type, chainalysis_kyt_results.user_id, chainalysis_kyt_results.direction, chainalysis_kyt_results.network, chainalysis_kyt_results.asset, chainalysis_kyt_results.amount, chainalysis_kyt_results.usd_price, chainalysis_kyt_results.transfer_ref, chainalysis_kyt_results.output_address, chainalysis_kyt_results.timestamp, chainalysis_kyt_results.external_id, chainalysis_kyt_results.status, chainalysis_kyt_results.worker_id, chainalysis_kyt_results.last_checked_at, chainalysis_kyt_results.alert_count, chainalysis_kyt_results.created_at, chainalysis_kyt_results.updated_at, chainalysis_kyt_results.assessed_at
FROM chainalysis_kyt_results
WHERE chainalysis_kyt_results.status = %(status_1)s AND (chainalysis_kyt_results.worker_id IS NULL AND chainalysis_kyt_results.last_checked_at <= %(due)s::TIMESTAMP WITHOUT TIME ZONE OR chainalysis_kyt_results.worker_id IS NOT NULL AND chainalysis_kyt_results.last_checked_at <= %(ran_out)s::TIMESTAMP WITHOUT TIME ZONE) ORDER BY chainalysis_kyt_results.last_checked_at
 LIMIT %(param_1)s::INTEGER FOR UPDATE SKIP LOCKED;
SELECT refinitiv_wco_results.id, refinitiv_wco_results.request_id, refinitiv_wco_results.verification_uuid, refinitiv_wco_results.counterparty_vasp_id, refinitiv_wco_results.direction, refinitiv_wco_results.case_system_id, refinitiv_wco_results.aggregated_result_summaries, refinitiv_wco_results.worker_id, refinitiv_wco_results.status, refinitiv_wco_results.last_checked_at, refinitiv_wco_results.created_at, refinitiv_wco_results.updated_at, refinitiv_wco_results.assessed_at
FROM refinitiv_wco_results
WHERE refinitiv_wco_results.status = %(status_1)s AND (refinitiv_wco_results.worker_id IS NULL AND refinitiv_wco_results.last_checked_at <= %(due)s::TIMESTAMP WITHOUT TIME ZONE OR refinitiv_wco_results.worker_id IS NOT NULL AND refinitiv_wco_results.last_checked_at <= %(ran_out)s::TIMESTAMP WITHOUT TIME ZONE) ORDER BY refinitiv_wco_results.last_checked_at
 LIMIT %(param_1)s::INTEGER FOR UPDATE SKIP LOCKED;

-- assessments.update_kyt
UPDATE chainalysis_kyt_results SET usd_price=%(usd_price)s::VARCHAR, external_id=%(external_id)s::VARCHAR, status=%(status)s, worker_id=%(worker_id)s::VARCHAR, last_checked_at=%(last_checked_at)s::TIMESTAMP WITHOUT TIME ZONE, alert_count=%(alert_count)s::INTEGER, updated_at=%(updated_at)s::TIMESTAMP WITHOUT TIME ZONE, assessed_at=%(assessed_at)s::TIMESTAMP WITHOUT TIME ZONE WHERE chainalysis_kyt_results.request_id = %(request_id_1)s::VARCHAR AND chainalysis_kyt_results.worker_id = %(worker_id_1)s::VARCHAR AND chainalysis_kyt_results.last_checked_at = %(last_checked_at_1)s::TIMESTAMP WITHOUT TIME ZONE AND chainalysis_kyt_results.status IN (__[POSTCOMPILE_status_1]);

-- assessments.update_wco
UPDATE refinitiv_wco_results SET aggregated_result_summaries=%(aggregated_result_summaries)s::VARCHAR, worker_id=%(worker_id)s::VARCHAR, status=%(status)s, last_checked_at=%(last_checked_at)s::TIMESTAMP WITHOUT TIME ZONE, updated_at=%(updated_at)s::TIMESTAMP WITHOUT TIME ZONE, assessed_at=%(assessed_at)s::TIMESTAMP WITHOUT TIME ZONE WHERE refinitiv_wco_results.request_id = %(request_id_1)s::VARCHAR AND refinitiv_wco_results.worker_id = %(worker_id_1)s::VARCHAR AND refinitiv_wco_results.last_checked_at = %(last_checked_at_1)s::TIMESTAMP WITHOUT TIME ZONE AND refinitiv_wco_results.status IN (__[POSTCOMPILE_status_1]);

-- commands.fail_command
UPDATE commands SET status=%(status)s, finished_at=%(at)s::TIMESTAMP WITHOUT TIME ZONE WHERE commands.command_id = %(of_id)s::BIGINT AND commands.status = %(status_1)s AND commands.fetched_at = %(leased_at)s::TIMESTAMP WITHOUT TIME ZONE;

-- commands.finish_command
UPDATE commands SET status=%(status)s, finished_at=%(at)s::TIMESTAMP WITHOUT TIME ZONE WHERE commands.command_id = %(of_id)s::BIGINT AND commands.status = %(status_1)s AND commands.fetched_at = %(leased_at)s::TIMESTAMP WITHOUT TIME ZONE;

-- commands.finish_commands
UPDATE commands SET status=%(status)s, finished_at=%(at)s::TIMESTAMP WITHOUT TIME ZONE WHERE commands.command_id = %(of_id)s::BIGINT AND commands.status = %(status_1)s AND commands.fetched_at = %(leased_at)s::TIMESTAMP WITHOUT TIME ZONE;

-- commands.forget_commands
DELETE FROM commands WHERE commands.status = %(status_1)s AND commands.finished_at < %(before)s::TIMESTAMP WITHOUT TIME ZONE;

-- commands.insert_commands
INSERT INTO commands (command_id, command_type, command_body, status, created_at, fetched_at, finished_at) VALUES (%(command_id)s::BIGINT, %(command_type)s::VARCHAR, %(command_body)s::VARCHAR, %(status)s, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE, %(fetched_at)s::TIMESTAMP WITHOUT TIME ZONE, %(finished_at)s::TIMESTAMP WITHOUT TIME ZONE);

-- commands.list_dead_letters
SELECT commands.command_id, commands.command_type, commands.command_body, commands.status, commands.created_at, commands.fetched_at, commands.finished_at
FROM commands
WHERE commands.status = %(status_1)s AND commands.command_id > %(command_id_1)s::BIGINT ORDER BY commands.command_id
 LIMIT %(param_1)s::INTEGER;

-- commands.postpone_command
UPDATE commands SET command_body=%(body)s::VARCHAR, status=%(status)s, fetched_at=%(at)s::TIMESTAMP WITHOUT TIME ZONE WHERE commands.command_id = %(of_id)s::BIGINT AND commands.status = %(status_1)s AND commands.fetched_at = %(leased_at)s::TIMESTAMP WITHOUT TIME ZONE;

-- commands.replay_dead_letter
INSERT INTO commands (command_id, command_type, command_body, status, created_at, fetched_at, finished_at) VALUES (%(command_id)s::BIGINT, %(command_type)s::VARCHAR, %(command_body)s::VARCHAR, %(status)s, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE, %(fetched_at)s::TIMESTAMP WITHOUT TIME ZONE, %(finished_at)s::TIMESTAMP WITHOUT TIME ZONE);
SELECT commands.command_id, commands.command_type, commands.command_body, commands.status, commands.created_at, commands.fetched_at, commands.finished_at
FROM commands
WHERE commands.status = %(status_1)s AND commands.command_id = %(of_id)s::BIGINT ORDER BY commands.command_id;
UPDATE commands SET command_body=%(body)s::VARCHAR, status=%(status)s, fetched_at=%(fetched_at)s::TIMESTAMP WITHOUT TIME ZONE, finished_at=%(finished_at)s::TIMESTAMP WITHOUT TIME ZONE WHERE commands.command_id = %(of_id)s::BIGINT AND commands.status = %(status_1)s;

-- commands.take_commands
UPDATE commands SET status=%(status)s, fetched_at=%(at)s::TIMESTAMP WITHOUT TIME ZONE WHERE commands.command_id = %(of_id)s::BIGINT;

-- commands.taking
SELECT commands.command_id, commands.command_type, commands.command_body, commands.status, commands.created_at, commands.fetched_at, commands.finished_at
FROM commands
WHERE commands.status = %(status_1)s AND (commands.fetched_at IS NULL OR commands.fetched_at <= %(by)s::TIMESTAMP WITHOUT TIME ZONE) ORDER BY commands.command_id
 LIMIT %(param_1)s::INTEGER FOR UPDATE SKIP LOCKED;
SELECT commands.command_id, commands.command_type, commands.command_body, commands.status, commands.created_at, commands.fetched_at, commands.finished_at
FROM commands
WHERE commands.status = %(status_1)s AND commands.fetched_at <= %(by)s::TIMESTAMP WITHOUT TIME ZONE ORDER BY commands.command_id
 LIMIT %(param_1)s::INTEGER FOR UPDATE SKIP LOCKED;

-- copies.continue_numbers
SELECT max(verifications.verification_id) AS max_1
FROM verifications;

-- copies.copy_rows
SELECT verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.verification_uuid AS owner, x_row_keys.key_version, x_row_keys.wrapped_key
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid AND x_row_keys.wrapped_key IS NOT NULL
WHERE verifications.verification_id > %(after)s::BIGINT ORDER BY verifications.verification_id
 LIMIT %(param_1)s::INTEGER;
SELECT own_keys.id, own_keys.type, own_keys.key_identifier, own_keys.public_key, own_keys.private_key, own_keys.created_at, x_row_keys.verification_uuid AS owner, x_row_keys.key_version, x_row_keys.wrapped_key
FROM own_keys LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = own_keys.key_identifier AND x_row_keys.wrapped_key IS NOT NULL
WHERE own_keys.id > %(after)s::BIGINT ORDER BY own_keys.id
 LIMIT %(param_1)s::INTEGER;
SELECT chainalysis_kyt_alerts.id, chainalysis_kyt_alerts.external_id, chainalysis_kyt_alerts.alert_id, chainalysis_kyt_alerts.alert_level, chainalysis_kyt_alerts.entity_category, chainalysis_kyt_alerts.service_name, chainalysis_kyt_alerts.exposure_type, chainalysis_kyt_alerts.alert_amount, chainalysis_kyt_alerts.created_at, chainalysis_kyt_alerts.updated_at
FROM chainalysis_kyt_alerts
WHERE chainalysis_kyt_alerts.id > %(after)s::BIGINT ORDER BY chainalysis_kyt_alerts.id
 LIMIT %(param_1)s::INTEGER;
SELECT x_trp_exchanges.verification_uuid, x_trp_exchanges.vasp_id, x_trp_exchanges.callback, x_trp_exchanges.version, x_trp_exchanges.created_at, x_row_keys.verification_uuid AS owner, x_row_keys.key_version, x_row_keys.wrapped_key
FROM x_trp_exchanges LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = x_trp_exchanges.verification_uuid AND x_row_keys.wrapped_key IS NOT NULL
WHERE x_trp_exchanges.verification_uuid > %(after)s::VARCHAR ORDER BY x_trp_exchanges.verification_uuid
 LIMIT %(param_1)s::INTEGER;

-- copies.insert_copies
SELECT verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.verification_uuid AS owner, x_row_keys.key_version, x_row_keys.wrapped_key
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid AND x_row_keys.wrapped_key IS NOT NULL
WHERE verifications.verification_id > %(after)s::BIGINT ORDER BY verifications.verification_id
 LIMIT %(param_1)s::INTEGER;
DELETE FROM verifications;
SELECT x_row_keys.verification_uuid, x_row_keys.key_version, x_row_keys.wrapped_key
FROM x_row_keys
WHERE x_row_keys.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
INSERT INTO verifications (verification_id, verification_uuid, result, reason, message, network, symbol, amount, trade_price, trade_currency, trade_iso_datetime, is_exceeding_threshold, tx_hash, vout, originating_vasp_id, originator_account_number, ivms101_originator, ivms101_originating_vasp, beneficiary_vasp_id, beneficiary_account_number, ivms101_beneficiary, ivms101_beneficiary_vasp, verified_at, ordered_at, created_at) VALUES (%(verification_id)s::BIGINT, %(verification_uuid)s::VARCHAR, %(result)s, %(reason)s::VARCHAR, %(message)s::VARCHAR, %(network)s::VARCHAR, %(symbol)s::VARCHAR, %(amount)s::VARCHAR, %(trade_price)s::VARCHAR, %(trade_currency)s::VARCHAR, %(trade_iso_datetime)s::TIMESTAMP WITHOUT TIME ZONE, %(is_exceeding_threshold)s::SMALLINT, %(tx_hash)s::VARCHAR, %(vout)s::VARCHAR, %(originating_vasp_id)s, %(originator_account_number)s::VARCHAR, %(ivms101_originator)s::VARCHAR, %(ivms101_originating_vasp)s::VARCHAR, %(beneficiary_vasp_id)s, %(beneficiary_account_number)s::VARCHAR, %(ivms101_beneficiary)s::VARCHAR, %(ivms101_beneficiary_vasp)s::VARCHAR, %(verified_at)s::TIMESTAMP WITHOUT TIME ZONE, %(ordered_at)s::TIMESTAMP WITHOUT TIME ZONE, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE);

-- copies.insert_keys
SELECT x_keyset.version, x_keyset.wrapped_key, x_keyset.wrapped_by, x_keyset.created_at
FROM x_keyset ORDER BY x_keyset.version;
DELETE FROM x_keyset;
INSERT INTO x_keyset (version, wrapped_key, wrapped_by, created_at) VALUES (%(version)s::INTEGER, %(wrapped_key)s::VARCHAR, %(wrapped_by)s::VARCHAR, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE);

-- copies.is_empty
SELECT %(param_1)s::INTEGER AS anon_1
FROM verifications
 LIMIT %(param_2)s::INTEGER;

-- copies.list_data_keys
SELECT x_keyset.version, x_keyset.wrapped_key, x_keyset.wrapped_by, x_keyset.created_at
FROM x_keyset ORDER BY x_keyset.version;

-- copies.list_row_keys
SELECT x_row_keys.verification_uuid, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM x_row_keys
WHERE x_row_keys.verification_uuid > %(after)s::VARCHAR ORDER BY x_row_keys.verification_uuid
 LIMIT %(param_1)s::INTEGER;

-- joined.insert_asked
WITH new_key AS
(INSERT INTO x_row_keys (verification_uuid, key_version, wrapped_key, content_mac) VALUES (%(key_verification_uuid)s::VARCHAR, %(key_key_version)s::INTEGER, %(key_wrapped_key)s::VARCHAR, %(key_content_mac)s::VARCHAR)),
new_command AS
(INSERT INTO commands (command_id, command_type, command_body, status, created_at, fetched_at, finished_at) VALUES (%(command_command_id)s::BIGINT, %(command_command_type)s::VARCHAR, %(command_command_body)s::VARCHAR, %(command_status)s, %(command_created_at)s::TIMESTAMP WITHOUT TIME ZONE, %(command_fetched_at)s::TIMESTAMP WITHOUT TIME ZONE, %(command_finished_at)s::TIMESTAMP WITHOUT TIME ZONE))
 INSERT INTO verifications (verification_uuid, result, reason, message, network, symbol, amount, trade_price, trade_currency, trade_iso_datetime, is_exceeding_threshold, tx_hash, vout, originating_vasp_id, originator_account_number, ivms101_originator, ivms101_originating_vasp, beneficiary_vasp_id, beneficiary_account_number, ivms101_beneficiary, ivms101_beneficiary_vasp, verified_at, ordered_at, created_at) VALUES (%(row_verification_uuid)s::VARCHAR, %(row_result)s, %(row_reason)s::VARCHAR, %(row_message)s::VARCHAR, %(row_network)s::VARCHAR, %(row_symbol)s::VARCHAR, %(row_amount)s::VARCHAR, %(row_trade_price)s::VARCHAR, %(row_trade_currency)s::VARCHAR, %(row_trade_iso_datetime)s::TIMESTAMP WITHOUT TIME ZONE, %(row_is_exceeding_threshold)s::SMALLINT, %(row_tx_hash)s::VARCHAR, %(row_vout)s::VARCHAR, %(row_originating_vasp_id)s, %(row_originator_account_number)s::VARCHAR, %(row_ivms101_originator)s::VARCHAR, %(row_ivms101_originating_vasp)s::VARCHAR, %(row_beneficiary_vasp_id)s, %(row_beneficiary_account_number)s::VARCHAR, %(row_ivms101_beneficiary)s::VARCHAR, %(row_ivms101_beneficiary_vasp)s::VARCHAR, %(row_verified_at)s::TIMESTAMP WITHOUT TIME ZONE, %(row_ordered_at)s::TIMESTAMP WITHOUT TIME ZONE, %(row_created_at)s::TIMESTAMP WITHOUT TIME ZONE) RETURNING verifications.verification_id;

-- joined.insert_made
INSERT INTO own_keys (type, key_identifier, public_key, private_key, created_at) VALUES (%(key_type)s, %(key_key_identifier)s::VARCHAR, %(key_public_key)s::VARCHAR, %(key_private_key)s::VARCHAR, %(key_created_at)s::TIMESTAMP WITHOUT TIME ZONE) RETURNING own_keys.id;

-- joined.insert_received
WITH new_key AS
(INSERT INTO x_row_keys (verification_uuid, key_version, wrapped_key, content_mac) VALUES (%(key_verification_uuid)s::VARCHAR, %(key_key_version)s::INTEGER, %(key_wrapped_key)s::VARCHAR, %(key_content_mac)s::VARCHAR)),
new_message AS
(INSERT INTO x_messages (message_id, seen_at) VALUES (%(message_message_id)s::VARCHAR, %(message_seen_at)s::TIMESTAMP WITHOUT TIME ZONE))
 INSERT INTO verifications (verification_uuid, result, reason, message, network, symbol, amount, trade_price, trade_currency, trade_iso_datetime, is_exceeding_threshold, tx_hash, vout, originating_vasp_id, originator_account_number, ivms101_originator, ivms101_originating_vasp, beneficiary_vasp_id, beneficiary_account_number, ivms101_beneficiary, ivms101_beneficiary_vasp, verified_at, ordered_at, created_at) VALUES (%(row_verification_uuid)s::VARCHAR, %(row_result)s, %(row_reason)s::VARCHAR, %(row_message)s::VARCHAR, %(row_network)s::VARCHAR, %(row_symbol)s::VARCHAR, %(row_amount)s::VARCHAR, %(row_trade_price)s::VARCHAR, %(row_trade_currency)s::VARCHAR, %(row_trade_iso_datetime)s::TIMESTAMP WITHOUT TIME ZONE, %(row_is_exceeding_threshold)s::SMALLINT, %(row_tx_hash)s::VARCHAR, %(row_vout)s::VARCHAR, %(row_originating_vasp_id)s, %(row_originator_account_number)s::VARCHAR, %(row_ivms101_originator)s::VARCHAR, %(row_ivms101_originating_vasp)s::VARCHAR, %(row_beneficiary_vasp_id)s, %(row_beneficiary_account_number)s::VARCHAR, %(row_ivms101_beneficiary)s::VARCHAR, %(row_ivms101_beneficiary_vasp)s::VARCHAR, %(row_verified_at)s::TIMESTAMP WITHOUT TIME ZONE, %(row_ordered_at)s::TIMESTAMP WITHOUT TIME ZONE, %(row_created_at)s::TIMESTAMP WITHOUT TIME ZONE) RETURNING verifications.verification_id;

-- joined.record_answered
WITH held_key AS
(SELECT x_row_keys.verification_uuid AS verification_uuid
FROM x_row_keys
WHERE x_row_keys.verification_uuid = %(of_uuid)s::VARCHAR AND x_row_keys.wrapped_key = %(wrapped)s::VARCHAR FOR UPDATE)
 UPDATE verifications SET result=%(row_result)s, reason=%(row_reason)s::VARCHAR, message=%(row_message)s::VARCHAR, ivms101_beneficiary=coalesce(%(row_ivms101_beneficiary)s::VARCHAR, verifications.ivms101_beneficiary), ivms101_beneficiary_vasp=coalesce(%(row_ivms101_beneficiary_vasp)s::VARCHAR, verifications.ivms101_beneficiary_vasp), verified_at=%(row_verified_at)s::TIMESTAMP WITHOUT TIME ZONE WHERE verifications.verification_uuid = %(of_uuid)s::VARCHAR AND (verifications.result = %(result_1)s OR verifications.result = %(result_2)s) AND (EXISTS (SELECT held_key.verification_uuid
FROM held_key)) RETURNING verifications.verification_uuid;

-- joined.record_ended
WITH held_key AS
(SELECT x_row_keys.verification_uuid AS verification_uuid
FROM x_row_keys
WHERE x_row_keys.verification_uuid = %(of_uuid)s::VARCHAR AND x_row_keys.wrapped_key = %(wrapped)s::VARCHAR FOR UPDATE),
recorded AS
(UPDATE verifications SET result=%(row_result)s, reason=%(row_reason)s::VARCHAR, message=%(row_message)s::VARCHAR, ivms101_beneficiary=coalesce(%(row_ivms101_beneficiary)s::VARCHAR, verifications.ivms101_beneficiary), ivms101_beneficiary_vasp=coalesce(%(row_ivms101_beneficiary_vasp)s::VARCHAR, verifications.ivms101_beneficiary_vasp), verified_at=%(row_verified_at)s::TIMESTAMP WITHOUT TIME ZONE WHERE verifications.verification_uuid = %(of_uuid)s::VARCHAR AND (verifications.result = %(result_1)s OR verifications.result = %(result_2)s) AND (EXISTS (SELECT held_key.verification_uuid
FROM held_key)) RETURNING verifications.verification_uuid),
new_command AS
(INSERT INTO commands (command_id, command_type, command_body, status, created_at, fetched_at, finished_at) SELECT %(command_command_id)s::BIGINT AS anon_1, %(command_command_type)s::VARCHAR AS anon_2, %(command_command_body)s::VARCHAR AS anon_3, %(command_status)s AS anon_4, %(command_created_at)s::TIMESTAMP WITHOUT TIME ZONE AS anon_5, %(command_fetched_at)s::TIMESTAMP WITHOUT TIME ZONE AS anon_6, %(command_finished_at)s::TIMESTAMP WITHOUT TIME ZONE AS anon_7
WHERE EXISTS (SELECT recorded.verification_uuid
FROM recorded)),
finished_command AS
(UPDATE commands SET status=%(param_1)s, finished_at=%(ending_at)s::TIMESTAMP WITHOUT TIME ZONE WHERE commands.command_id = %(ending_id)s::BIGINT AND commands.status = %(status_1)s AND commands.fetched_at = %(ending_leased_at)s::TIMESTAMP WITHOUT TIME ZONE AND (EXISTS (SELECT recorded.verification_uuid
FROM recorded)))
 SELECT recorded.verification_uuid
FROM recorded;

-- keys.drop_counter_party_key
DELETE FROM counter_party_keys WHERE counter_party_keys.vasp_id = %(of_vasp)s AND counter_party_keys.key_identifier = %(identifier)s::VARCHAR AND counter_party_keys.type = %(of_type)s;

-- keys.drop_own_key
DELETE FROM own_keys WHERE own_keys.key_identifier = %(identifier)s::VARCHAR AND own_keys.type = %(of_type)s;

-- keys.find_counter_party_key
SELECT counter_party_keys.type, counter_party_keys.vasp_id, counter_party_keys.key_identifier, counter_party_keys.public_key
FROM counter_party_keys
WHERE counter_party_keys.vasp_id = %(of_vasp)s AND counter_party_keys.key_identifier = %(identifier)s::VARCHAR AND counter_party_keys.type = %(of_type)s;

-- keys.find_own_key
SELECT own_keys.type, own_keys.key_identifier, own_keys.public_key, own_keys.private_key
FROM own_keys
WHERE own_keys.key_identifier = %(identifier)s::VARCHAR AND own_keys.type = %(of_type)s;

-- keys.find_own_key_by_public
SELECT own_keys.type, own_keys.key_identifier, own_keys.public_key, own_keys.private_key
FROM own_keys
WHERE own_keys.public_key = %(of_public)s::VARCHAR ORDER BY own_keys.id;

-- keys.insert_own_key
INSERT INTO own_keys (type, key_identifier, public_key, private_key, created_at) VALUES (%(type)s, %(key_identifier)s::VARCHAR, %(public_key)s::VARCHAR, %(private_key)s::VARCHAR, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE) RETURNING own_keys.id;

-- keys.put_counter_party_key
UPDATE counter_party_keys SET public_key=%(public_key)s::VARCHAR, created_at=%(created_at)s::TIMESTAMP WITHOUT TIME ZONE WHERE counter_party_keys.vasp_id = %(of_vasp)s AND counter_party_keys.key_identifier = %(identifier)s::VARCHAR AND counter_party_keys.type = %(of_type)s;
INSERT INTO counter_party_keys (type, vasp_id, key_identifier, public_key, created_at) VALUES (%(type)s, %(vasp_id)s, %(key_identifier)s::VARCHAR, %(public_key)s::VARCHAR, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE) RETURNING counter_party_keys.id;

-- keyset.ensure_keyset
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;

-- keyset.insert_data_key
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;
INSERT INTO x_keyset (version, wrapped_key, wrapped_by, created_at) VALUES (%(version)s::INTEGER, %(wrapped_key)s::VARCHAR, %(wrapped_by)s::VARCHAR, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE);

-- keyset.load_keyset
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;

-- keyset.open_column
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;

-- keyset.open_row
SELECT x_row_keys.verification_uuid, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM x_row_keys
WHERE x_row_keys.verification_uuid > %(after)s::VARCHAR ORDER BY x_row_keys.verification_uuid
 LIMIT %(param_1)s::INTEGER;
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;

-- messages.forget_messages
DELETE FROM x_messages WHERE x_messages.seen_at < %(before)s::TIMESTAMP WITHOUT TIME ZONE;

-- messages.remember_message
INSERT INTO x_messages (message_id, seen_at) VALUES (%(message_id)s::VARCHAR, %(seen_at)s::TIMESTAMP WITHOUT TIME ZONE);

-- reencrypt.count_old
SELECT count(*) AS count_1
FROM x_row_keys
WHERE x_row_keys.key_version < %(newest)s::INTEGER AND x_row_keys.wrapped_key IS NOT NULL;
SELECT count(*) AS count_1
FROM own_keys
WHERE own_keys.private_key NOT LIKE %(newest_prefix)s::VARCHAR;

-- reencrypt.old_pairs
SELECT own_keys.id, own_keys.type, own_keys.key_identifier, own_keys.public_key, own_keys.private_key
FROM own_keys
WHERE own_keys.private_key NOT LIKE %(newest_prefix)s::VARCHAR ORDER BY own_keys.id
 LIMIT %(param_1)s::INTEGER FOR UPDATE SKIP LOCKED;

-- reencrypt.old_rows
SELECT x_row_keys.verification_uuid, x_row_keys.key_version, x_row_keys.wrapped_key
FROM x_row_keys
WHERE x_row_keys.key_version < %(newest)s::INTEGER AND x_row_keys.wrapped_key IS NOT NULL ORDER BY x_row_keys.key_version, x_row_keys.verification_uuid
 LIMIT %(param_1)s::INTEGER FOR UPDATE SKIP LOCKED;

-- reencrypt.reencrypt_own_keys
UPDATE own_keys SET private_key=%(private_key)s::VARCHAR WHERE own_keys.id = %(of_id)s::BIGINT;

-- reencrypt.reencrypt_verifications
SELECT verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp
FROM verifications
WHERE verifications.verification_uuid = %(of_uuid)s::VARCHAR;
UPDATE verifications SET ivms101_originator=%(ivms101_originator)s::VARCHAR, ivms101_originating_vasp=%(ivms101_originating_vasp)s::VARCHAR, ivms101_beneficiary=%(ivms101_beneficiary)s::VARCHAR, ivms101_beneficiary_vasp=%(ivms101_beneficiary_vasp)s::VARCHAR WHERE verifications.verification_uuid = %(of_uuid)s::VARCHAR;
UPDATE x_row_keys SET key_version=%(key_version)s::INTEGER, wrapped_key=%(wrapped_key)s::VARCHAR WHERE x_row_keys.verification_uuid = %(of_uuid)s::VARCHAR;

-- retention.count_older
SELECT count(*) AS count_1
FROM verifications
WHERE verifications.created_at < %(before)s::TIMESTAMP WITHOUT TIME ZONE;

-- retention.delete_older
DELETE FROM chainalysis_kyt_alerts WHERE chainalysis_kyt_alerts.external_id IN (SELECT chainalysis_kyt_results.external_id
FROM chainalysis_kyt_results
WHERE chainalysis_kyt_results.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]) AND chainalysis_kyt_results.external_id IS NOT NULL);
DELETE FROM chainalysis_sanction_results WHERE chainalysis_sanction_results.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
DELETE FROM chainalysis_kyt_results WHERE chainalysis_kyt_results.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
DELETE FROM refinitiv_wco_results WHERE refinitiv_wco_results.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
DELETE FROM x_trp_exchanges WHERE x_trp_exchanges.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
UPDATE x_row_keys SET wrapped_key=%(wrapped_key)s::VARCHAR, content_mac=%(content_mac)s::VARCHAR, erased_at=%(erased_at)s::TIMESTAMP WITHOUT TIME ZONE WHERE x_row_keys.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]) AND x_row_keys.erased_at IS NULL;
DELETE FROM own_keys WHERE own_keys.type = %(type_1)s AND own_keys.key_identifier IN (__[POSTCOMPILE_key_identifier_1]);
DELETE FROM verifications WHERE verifications.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);

-- retention.drop_own_keys
DELETE FROM own_keys WHERE own_keys.id = %(of_id)s::BIGINT;

-- retention.find_unused_keys
INSERT INTO own_keys (type, key_identifier, public_key, private_key, created_at) VALUES (%(type)s, %(key_identifier)s::VARCHAR, %(public_key)s::VARCHAR, %(private_key)s::VARCHAR, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE) RETURNING own_keys.id;
SELECT own_keys.id, own_keys.type, own_keys.key_identifier, own_keys.created_at
FROM own_keys
WHERE own_keys.id > %(after)s::BIGINT ORDER BY own_keys.id
 LIMIT %(param_1)s::INTEGER;
SELECT DISTINCT verifications.verification_uuid
FROM verifications
WHERE verifications.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
SELECT DISTINCT verifications.beneficiary_account_number
FROM verifications
WHERE verifications.beneficiary_account_number IN (__[POSTCOMPILE_beneficiary_account_number_1]);

-- retention.older
SELECT verifications.verification_uuid
FROM verifications
WHERE verifications.created_at < %(before)s::TIMESTAMP WITHOUT TIME ZONE ORDER BY verifications.verification_id
 LIMIT %(param_1)s::INTEGER FOR UPDATE SKIP LOCKED;

-- sizes.measure
SELECT count(*) AS row_count, sum(8 + coalesce(octet_length(verifications.verification_uuid), %(coalesce_1)s::INTEGER) + coalesce(octet_length(verifications.result), %(coalesce_2)s::INTEGER) + coalesce(octet_length(verifications.reason), %(coalesce_3)s::INTEGER) + coalesce(octet_length(verifications.message), %(coalesce_4)s::INTEGER) + coalesce(octet_length(verifications.network), %(coalesce_5)s::INTEGER) + coalesce(octet_length(verifications.symbol), %(coalesce_6)s::INTEGER) + coalesce(octet_length(verifications.amount), %(coalesce_7)s::INTEGER) + coalesce(octet_length(verifications.trade_price), %(coalesce_8)s::INTEGER) + coalesce(octet_length(verifications.trade_currency), %(coalesce_9)s::INTEGER) + 8 + 8 + coalesce(octet_length(verifications.tx_hash), %(coalesce_10)s::INTEGER) + coalesce(octet_length(verifications.vout), %(coalesce_11)s::INTEGER) + 8 + coalesce(octet_length(verifications.originator_account_number), %(coalesce_12)s::INTEGER) + coalesce(octet_length(verifications.ivms101_originator), %(coalesce_13)s::INTEGER) + coalesce(octet_length(verifications.ivms101_originating_vasp), %(coalesce_14)s::INTEGER) + 8 + coalesce(octet_length(verifications.beneficiary_account_number), %(coalesce_15)s::INTEGER) + coalesce(octet_length(verifications.ivms101_beneficiary), %(coalesce_16)s::INTEGER) + coalesce(octet_length(verifications.ivms101_beneficiary_vasp), %(coalesce_17)s::INTEGER) + 8 + 8 + 8) AS held
FROM verifications;
SELECT count(*) AS row_count, sum(8 + coalesce(octet_length(commands.command_type), %(coalesce_1)s::INTEGER) + coalesce(octet_length(commands.command_body), %(coalesce_2)s::INTEGER) + coalesce(octet_length(commands.status), %(coalesce_3)s::INTEGER) + 8 + 8 + 8) AS held
FROM commands;

-- trp.find_exchange
SELECT x_trp_exchanges.verification_uuid, x_trp_exchanges.vasp_id, x_trp_exchanges.callback, x_trp_exchanges.version, x_trp_exchanges.created_at
FROM x_trp_exchanges
WHERE x_trp_exchanges.verification_uuid = %(of_uuid)s::VARCHAR;

-- trp.put_exchange
SELECT x_trp_exchanges.verification_uuid, x_trp_exchanges.vasp_id, x_trp_exchanges.callback, x_trp_exchanges.version, x_trp_exchanges.created_at
FROM x_trp_exchanges
WHERE x_trp_exchanges.verification_uuid = %(of_uuid)s::VARCHAR;
INSERT INTO x_trp_exchanges (verification_uuid, vasp_id, callback, version, created_at) VALUES (%(verification_uuid)s::VARCHAR, %(vasp_id)s, %(callback)s::VARCHAR, %(version)s::VARCHAR, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE);
UPDATE x_trp_exchanges SET callback=%(callback)s::VARCHAR, version=%(version)s::VARCHAR WHERE x_trp_exchanges.verification_uuid = %(of_uuid)s::VARCHAR;

-- verifications.erase_verification
UPDATE x_row_keys SET wrapped_key=%(wrapped_key)s::VARCHAR, content_mac=%(content_mac)s::VARCHAR, erased_at=%(erased_at)s::TIMESTAMP WITHOUT TIME ZONE WHERE x_row_keys.verification_uuid = %(of_uuid)s::VARCHAR AND x_row_keys.erased_at IS NULL;
UPDATE verifications SET message=%(message)s::VARCHAR, originator_account_number=%(originator_account_number)s::VARCHAR, ivms101_originator=%(ivms101_originator)s::VARCHAR, ivms101_originating_vasp=%(ivms101_originating_vasp)s::VARCHAR, beneficiary_account_number=%(beneficiary_account_number)s::VARCHAR, ivms101_beneficiary=%(ivms101_beneficiary)s::VARCHAR, ivms101_beneficiary_vasp=%(ivms101_beneficiary_vasp)s::VARCHAR WHERE verifications.verification_uuid = %(of_uuid)s::VARCHAR;
DELETE FROM own_keys WHERE own_keys.key_identifier = %(of_uuid)s::VARCHAR AND own_keys.type = %(type_1)s;

-- verifications.find_outline
SELECT verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid
WHERE verifications.verification_uuid = %(of_uuid)s::VARCHAR;

-- verifications.find_verification
SELECT verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid
WHERE verifications.verification_uuid = %(of_uuid)s::VARCHAR;

-- verifications.insert_verification
INSERT INTO verifications (verification_uuid, result, reason, message, network, symbol, amount, trade_price, trade_currency, trade_iso_datetime, is_exceeding_threshold, tx_hash, vout, originating_vasp_id, originator_account_number, ivms101_originator, ivms101_originating_vasp, beneficiary_vasp_id, beneficiary_account_number, ivms101_beneficiary, ivms101_beneficiary_vasp, verified_at, ordered_at, created_at) VALUES (%(verification_uuid)s::VARCHAR, %(result)s, %(reason)s::VARCHAR, %(message)s::VARCHAR, %(network)s::VARCHAR, %(symbol)s::VARCHAR, %(amount)s::VARCHAR, %(trade_price)s::VARCHAR, %(trade_currency)s::VARCHAR, %(trade_iso_datetime)s::TIMESTAMP WITHOUT TIME ZONE, %(is_exceeding_threshold)s::SMALLINT, %(tx_hash)s::VARCHAR, %(vout)s::VARCHAR, %(originating_vasp_id)s, %(originator_account_number)s::VARCHAR, %(ivms101_originator)s::VARCHAR, %(ivms101_originating_vasp)s::VARCHAR, %(beneficiary_vasp_id)s, %(beneficiary_account_number)s::VARCHAR, %(ivms101_beneficiary)s::VARCHAR, %(ivms101_beneficiary_vasp)s::VARCHAR, %(verified_at)s::TIMESTAMP WITHOUT TIME ZONE, %(ordered_at)s::TIMESTAMP WITHOUT TIME ZONE, %(created_at)s::TIMESTAMP WITHOUT TIME ZONE) RETURNING verifications.verification_id;
INSERT INTO x_row_keys (verification_uuid, key_version, wrapped_key, content_mac) VALUES (%(verification_uuid)s::VARCHAR, %(key_version)s::INTEGER, %(wrapped_key)s::VARCHAR, %(content_mac)s::VARCHAR);

-- verifications.list_linked
SELECT verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.created_at
FROM verifications
WHERE verifications.beneficiary_account_number = %(to_account)s::VARCHAR AND verifications.originator_account_number = %(from_account)s::VARCHAR AND verifications.originating_vasp_id = %(of_vasp)s AND verifications.verification_id < %(before_number)s::BIGINT AND verifications.created_at >= %(from_at)s::TIMESTAMP WITHOUT TIME ZONE AND verifications.result IN (__[POSTCOMPILE_result_1]) ORDER BY verifications.verification_id DESC
 LIMIT %(param_1)s::INTEGER;

-- verifications.list_verifications
SELECT verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid
WHERE verifications.symbol = %(symbol_1)s::VARCHAR AND verifications.tx_hash = %(tx_hash_1)s::VARCHAR AND verifications.result = %(result_1)s AND verifications.originator_account_number = %(originator_account_number_1)s::VARCHAR AND verifications.beneficiary_account_number = %(beneficiary_account_number_1)s::VARCHAR AND verifications.created_at >= %(created_at_1)s::TIMESTAMP WITHOUT TIME ZONE AND verifications.created_at <= %(created_at_2)s::TIMESTAMP WITHOUT TIME ZONE AND verifications.originating_vasp_id = %(originating_vasp_id_1)s AND (verifications.originating_vasp_id = %(originating_vasp_id_2)s OR verifications.beneficiary_vasp_id = %(beneficiary_vasp_id_1)s) ORDER BY verifications.verification_id DESC
 LIMIT %(param_1)s::INTEGER OFFSET %(param_2)s::INTEGER;

-- verifications.record_result
SELECT x_row_keys.key_version, x_row_keys.wrapped_key
FROM x_row_keys
WHERE x_row_keys.verification_uuid = %(of_uuid)s::VARCHAR FOR UPDATE;
UPDATE verifications SET result=%(result)s, reason=%(reason)s::VARCHAR, message=%(message)s::VARCHAR, ivms101_beneficiary=%(ivms101_beneficiary)s::VARCHAR, verified_at=%(verified_at)s::TIMESTAMP WITHOUT TIME ZONE WHERE verifications.verification_uuid = %(of_uuid)s::VARCHAR AND verifications.result IN (__[POSTCOMPILE_result_1]);

-- verifications.record_transfer_error
UPDATE verifications SET result=%(result)s, reason=%(reason)s::VARCHAR, message=%(message)s::VARCHAR WHERE verifications.verification_uuid = %(of_uuid)s::VARCHAR AND verifications.result = %(result_1)s;

-- verifications.record_tx
UPDATE verifications SET tx_hash=%(tx_hash)s::VARCHAR, vout=%(vout)s::VARCHAR WHERE verifications.verification_uuid = %(of_uuid)s::VARCHAR AND verifications.result IN (__[POSTCOMPILE_result_1]) AND (verifications.tx_hash IS NULL OR verifications.tx_hash = %(same_hash)s::VARCHAR);
