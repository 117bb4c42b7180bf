-- assessments.find_kyt
SELECT chainalysis_kyt_results.id, chainalysis_kyt_results.request_id, chainalysis_kyt_results.verification_uuid, chainalysis_kyt_results.counterparty_vasp_id, chainalysis_kyt_results.api_type, chainalysis_kyt_results.user_id, chainalysis_kyt_results.direction, chainalysis_kyt_results.network, chainalysis_kyt_results.asset, chainalysis_kyt_results.amount, chainalysis_kyt_results.usd_price, chainalysis_kyt_results.transfer_ref, chainalysis_kyt_results.output_address, chainalysis_kyt_results.timestamp, chainalysis_kyt_results.external_id, chainalysis_kyt_results.status, chainalysis_kyt_results.worker_id, chainalysis_kyt_results.last_checked_at, chainalysis_kyt_results.alert_count, chainalysis_kyt_results.created_at, chainalysis_kyt_results.updated_at, chainalysis_kyt_results.assessed_at
FROM chainalysis_kyt_results
WHERE chainalysis_kyt_results.request_id = %s;

-- assessments.find_sanction
SELECT chainalysis_sanction_results.id, chainalysis_sanction_results.request_id, chainalysis_sanction_results.verification_uuid, chainalysis_sanction_results.counterparty_vasp_id, chainalysis_sanction_results.direction, chainalysis_sanction_results.address, chainalysis_sanction_results.status, chainalysis_sanction_results.ofac_name, chainalysis_sanction_results.ofac_description, chainalysis_sanction_results.ofac_url, chainalysis_sanction_results.created_at, chainalysis_sanction_results.updated_at
FROM chainalysis_sanction_results
WHERE chainalysis_sanction_results.request_id = %s;

-- assessments.find_wco
SELECT refinitiv_wco_results.id, refinitiv_wco_results.request_id, refinitiv_wco_results.verification_uuid, refinitiv_wco_results.counterparty_vasp_id, refinitiv_wco_results.direction, refinitiv_wco_results.case_system_id, refinitiv_wco_results.aggregated_result_summaries, refinitiv_wco_results.worker_id, refinitiv_wco_results.status, refinitiv_wco_results.last_checked_at, refinitiv_wco_results.created_at, refinitiv_wco_results.updated_at, refinitiv_wco_results.assessed_at
FROM refinitiv_wco_results
WHERE refinitiv_wco_results.request_id = %s;

-- assessments.insert_alerts
SELECT chainalysis_kyt_alerts.alert_id
FROM chainalysis_kyt_alerts
WHERE chainalysis_kyt_alerts.alert_id IN (__[POSTCOMPILE_of_ids]);
INSERT INTO chainalysis_kyt_alerts (external_id, alert_id, alert_level, entity_category, service_name, exposure_type, alert_amount, created_at, updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s);

-- assessments.insert_kyt
INSERT INTO chainalysis_kyt_results (request_id, verification_uuid, counterparty_vasp_id, api_type, user_id, direction, network, asset, amount, usd_price, transfer_ref, output_address, timestamp, external_id, status, worker_id, last_checked_at, alert_count, created_at, updated_at, assessed_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s);

-- assessments.insert_sanction
INSERT INTO chainalysis_sanction_results (request_id, verification_uuid, counterparty_vasp_id, direction, address, status, ofac_name, ofac_description, ofac_url, created_at, updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s);

-- assessments.insert_wco
INSERT INTO refinitiv_wco_results (request_id, verification_uuid, counterparty_vasp_id, direction, case_system_id, aggregated_result_summaries, worker_id, status, last_checked_at, created_at, updated_at, assessed_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s);

-- assessments.list_alerts
SELECT chainalysis_kyt_alerts.id, chainalysis_kyt_alerts.external_id, chainalysis_kyt_alerts.alert_id, chainalysis_kyt_alerts.alert_level, chainalysis_kyt_alerts.entity_category, chainalysis_kyt_alerts.service_name, chainalysis_kyt_alerts.exposure_type, chainalysis_kyt_alerts.alert_amount, chainalysis_kyt_alerts.created_at, chainalysis_kyt_alerts.updated_at
FROM chainalysis_kyt_alerts
WHERE chainalysis_kyt_alerts.external_id = %s ORDER BY chainalysis_kyt_alerts.id;

-- assessments.take_kyt
UPDATE chainalysis_kyt_results SET worker_id=%s, last_checked_at=%s WHERE chainalysis_kyt_results.id = %s;

-- assessments.take_wco
UPDATE refinitiv_wco_results SET worker_id=%s, last_checked_at=%s WHERE refinitiv_wco_results.id = %s;

-- assessments.taking
SELECT chainalysis_kyt_results.id, chainalysis_kyt_results.request_id, chainalysis_kyt_results.verification_uuid, chainalysis_kyt_results.counterparty_vasp_id, chainalysis_kyt_results.api_type, chainalysis_kyt_results.user_id, chainalysis_kyt_results.direction, chainalysis_kyt_results.network, chainalysis_kyt_results.asset, chainalysis_kyt_results.amount, chainalysis_kyt_results.usd_price, chainalysis_kyt_results.transfer_ref, chainalysis_kyt_results.output_address, chainalysis_kyt_results.timestamp, chainalysis_kyt_results.external_id, chainalysis_kyt_results.status, chainalysis_kyt_results.worker_id, chainalysis_kyt_results.last_checked_at, chainalysis_kyt_results.alert_count, chainalysis_kyt_results.created_at, chainalysis_kyt_results.updated_at, chainalysis_kyt_results.assessed_at
FROM chainalysis_kyt_results
WHERE chainalysis_kyt_results.status = %s AND (chainalysis_kyt_results.worker_id IS NULL AND chainalysis_kyt_results.last_checked_at <= %s OR chainalysis_kyt_results.worker_id IS NOT NULL AND chainalysis_kyt_results.last_checked_at <= %s) ORDER BY chainalysis_kyt_results.last_checked_at
 LIMIT %s FOR UPDATE SKIP LOCKED;
SELECT refinitiv_wco_results.id, refinitiv_wco_results.request_id, refinitiv_wco_results.verification_uuid, refinitiv_wco_results.counterparty_vasp_id, refinitiv_wco_results.direction, refinitiv_wco_results.case_system_id, refinitiv_wco_results.aggregated_result_summaries, refinitiv_wco_results.worker_id, refinitiv_wco_results.status, refinitiv_wco_results.last_checked_at, refinitiv_wco_results.created_at, refinitiv_wco_results.updated_at, refinitiv_wco_results.assessed_at
FROM refinitiv_wco_results
WHERE refinitiv_wco_results.status = %s AND (refinitiv_wco_results.worker_id IS NULL AND refinitiv_wco_results.last_checked_at <= %s OR refinitiv_wco_results.worker_id IS NOT NULL AND refinitiv_wco_results.last_checked_at <= %s) ORDER BY refinitiv_wco_results.last_checked_at
 LIMIT %s FOR UPDATE SKIP LOCKED;

-- assessments.update_kyt
UPDATE chainalysis_kyt_results SET usd_price=%s, external_id=%s, status=%s, worker_id=%s, last_checked_at=%s, alert_count=%s, updated_at=%s, assessed_at=%s WHERE chainalysis_kyt_results.request_id = %s AND chainalysis_kyt_results.worker_id = %s AND chainalysis_kyt_results.last_checked_at = %s AND chainalysis_kyt_results.status IN (__[POSTCOMPILE_status_1]);

-- assessments.update_wco
UPDATE refinitiv_wco_results SET aggregated_result_summaries=%s, worker_id=%s, status=%s, last_checked_at=%s, updated_at=%s, assessed_at=%s WHERE refinitiv_wco_results.request_id = %s AND refinitiv_wco_results.worker_id = %s AND refinitiv_wco_results.last_checked_at = %s AND refinitiv_wco_results.status IN (__[POSTCOMPILE_status_1]);

-- commands.fail_command
UPDATE commands SET status=%s, finished_at=%s WHERE commands.command_id = %s AND commands.status = %s AND commands.fetched_at = %s;

-- commands.finish_command
UPDATE commands SET status=%s, finished_at=%s WHERE commands.command_id = %s AND commands.status = %s AND commands.fetched_at = %s;

-- commands.finish_commands
UPDATE commands SET status=%s, finished_at=%s WHERE commands.command_id = %s AND commands.status = %s AND commands.fetched_at = %s;

-- commands.forget_commands
DELETE FROM commands WHERE commands.status = %s AND commands.finished_at < %s;

-- commands.insert_commands
INSERT INTO commands (command_id, command_type, command_body, status, created_at, fetched_at, finished_at) VALUES (%s, %s, %s, %s, %s, %s, %s);

-- commands.list_dead_letters
SELECT commands.command_id, commands.command_type, commands.command_body, commands.status, commands.created_at, commands.fetched_at, commands.finished_at
FROM commands
WHERE commands.status = %s AND commands.command_id > %s ORDER BY commands.command_id
 LIMIT %s;

-- commands.postpone_command
UPDATE commands SET command_body=%s, status=%s, fetched_at=%s WHERE commands.command_id = %s AND commands.status = %s AND commands.fetched_at = %s;

-- commands.replay_dead_letter
INSERT INTO commands (command_id, command_type, command_body, status, created_at, fetched_at, finished_at) VALUES (%s, %s, %s, %s, %s, %s, %s);
SELECT commands.command_id, commands.command_type, commands.command_body, commands.status, commands.created_at, commands.fetched_at, commands.finished_at
FROM commands
WHERE commands.status = %s AND commands.command_id = %s ORDER BY commands.command_id;
UPDATE commands SET command_body=%s, status=%s, fetched_at=%s, finished_at=%s WHERE commands.command_id = %s AND commands.status = %s;

-- commands.take_commands
UPDATE commands SET status=%s, fetched_at=%s WHERE commands.command_id = %s;

-- commands.taking
SELECT commands.command_id, commands.command_type, commands.command_body, commands.status, commands.created_at, commands.fetched_at, commands.finished_at
FROM commands
WHERE commands.status = %s AND (commands.fetched_at IS NULL OR commands.fetched_at <= %s) ORDER BY commands.command_id
 LIMIT %s FOR UPDATE SKIP LOCKED;
SELECT commands.command_id, commands.command_type, commands.command_body, commands.status, commands.created_at, commands.fetched_at, commands.finished_at
FROM commands
WHERE commands.status = %s AND commands.fetched_at <= %s ORDER BY commands.command_id
 LIMIT %s FOR UPDATE SKIP LOCKED;

-- copies.continue_numbers
SELECT max(verifications.verification_id) AS max_1
FROM verifications;

-- copies.copy_rows
SELECT verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.verification_uuid AS owner, x_row_keys.key_version, x_row_keys.wrapped_key
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid AND x_row_keys.wrapped_key IS NOT NULL
WHERE verifications.verification_id > %s ORDER BY verifications.verification_id
 LIMIT %s;
SELECT own_keys.id, own_keys.type, own_keys.key_identifier, own_keys.public_key, own_keys.private_key, own_keys.created_at, x_row_keys.verification_uuid AS owner, x_row_keys.key_version, x_row_keys.wrapped_key
FROM own_keys LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = own_keys.key_identifier AND x_row_keys.wrapped_key IS NOT NULL
WHERE own_keys.id > %s ORDER BY own_keys.id
 LIMIT %s;
SELECT chainalysis_kyt_alerts.id, chainalysis_kyt_alerts.external_id, chainalysis_kyt_alerts.alert_id, chainalysis_kyt_alerts.alert_level, chainalysis_kyt_alerts.entity_category, chainalysis_kyt_alerts.service_name, chainalysis_kyt_alerts.exposure_type, chainalysis_kyt_alerts.alert_amount, chainalysis_kyt_alerts.created_at, chainalysis_kyt_alerts.updated_at
FROM chainalysis_kyt_alerts
WHERE chainalysis_kyt_alerts.id > %s ORDER BY chainalysis_kyt_alerts.id
 LIMIT %s;
SELECT x_trp_exchanges.verification_uuid, x_trp_exchanges.vasp_id, x_trp_exchanges.callback, x_trp_exchanges.version, x_trp_exchanges.created_at, x_row_keys.verification_uuid AS owner, x_row_keys.key_version, x_row_keys.wrapped_key
FROM x_trp_exchanges LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = x_trp_exchanges.verification_uuid AND x_row_keys.wrapped_key IS NOT NULL
WHERE x_trp_exchanges.verification_uuid > %s ORDER BY x_trp_exchanges.verification_uuid
 LIMIT %s;

-- copies.insert_copies
SELECT verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.verification_uuid AS owner, x_row_keys.key_version, x_row_keys.wrapped_key
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid AND x_row_keys.wrapped_key IS NOT NULL
WHERE verifications.verification_id > %s ORDER BY verifications.verification_id
 LIMIT %s;
DELETE FROM verifications;
SELECT x_row_keys.verification_uuid, x_row_keys.key_version, x_row_keys.wrapped_key
FROM x_row_keys
WHERE x_row_keys.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
INSERT INTO verifications (verification_id, verification_uuid, result, reason, message, network, symbol, amount, trade_price, trade_currency, trade_iso_datetime, is_exceeding_threshold, tx_hash, vout, originating_vasp_id, originator_account_number, ivms101_originator, ivms101_originating_vasp, beneficiary_vasp_id, beneficiary_account_number, ivms101_beneficiary, ivms101_beneficiary_vasp, verified_at, ordered_at, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s);

-- copies.insert_keys
SELECT x_keyset.version, x_keyset.wrapped_key, x_keyset.wrapped_by, x_keyset.created_at
FROM x_keyset ORDER BY x_keyset.version;
DELETE FROM x_keyset;
INSERT INTO x_keyset (version, wrapped_key, wrapped_by, created_at) VALUES (%s, %s, %s, %s);

-- copies.is_empty
SELECT %s AS anon_1
FROM verifications
 LIMIT %s;

-- copies.list_data_keys
SELECT x_keyset.version, x_keyset.wrapped_key, x_keyset.wrapped_by, x_keyset.created_at
FROM x_keyset ORDER BY x_keyset.version;

-- copies.list_row_keys
SELECT x_row_keys.verification_uuid, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM x_row_keys
WHERE x_row_keys.verification_uuid > %s ORDER BY x_row_keys.verification_uuid
 LIMIT %s;

-- joined.insert_asked
INSERT INTO verifications (verification_uuid, result, reason, message, network, symbol, amount, trade_price, trade_currency, trade_iso_datetime, is_exceeding_threshold, tx_hash, vout, originating_vasp_id, originator_account_number, ivms101_originator, ivms101_originating_vasp, beneficiary_vasp_id, beneficiary_account_number, ivms101_beneficiary, ivms101_beneficiary_vasp, verified_at, ordered_at, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s);
INSERT INTO x_row_keys (verification_uuid, key_version, wrapped_key, content_mac) VALUES (%s, %s, %s, %s);
INSERT INTO commands (command_id, command_type, command_body, status, created_at, fetched_at, finished_at) VALUES (%s, %s, %s, %s, %s, %s, %s);

-- joined.insert_made
INSERT INTO own_keys (type, key_identifier, public_key, private_key, created_at) VALUES (%s, %s, %s, %s, %s);

-- joined.insert_received
INSERT INTO x_messages (message_id, seen_at) VALUES (%s, %s);
INSERT INTO verifications (verification_uuid, result, reason, message, network, symbol, amount, trade_price, trade_currency, trade_iso_datetime, is_exceeding_threshold, tx_hash, vout, originating_vasp_id, originator_account_number, ivms101_originator, ivms101_originating_vasp, beneficiary_vasp_id, beneficiary_account_number, ivms101_beneficiary, ivms101_beneficiary_vasp, verified_at, ordered_at, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s);
INSERT INTO x_row_keys (verification_uuid, key_version, wrapped_key, content_mac) VALUES (%s, %s, %s, %s);

-- joined.record_answered
UPDATE x_row_keys SET key_version=x_row_keys.key_version WHERE x_row_keys.verification_uuid = %s AND x_row_keys.wrapped_key = %s;
UPDATE verifications SET result=%s, reason=%s, message=%s, ivms101_beneficiary=coalesce(%s, verifications.ivms101_beneficiary), ivms101_beneficiary_vasp=coalesce(%s, verifications.ivms101_beneficiary_vasp), verified_at=%s WHERE verifications.verification_uuid = %s AND (verifications.result = %s OR verifications.result = %s) AND row_count() = 1;

-- joined.record_ended
UPDATE x_row_keys SET key_version=x_row_keys.key_version WHERE x_row_keys.verification_uuid = %s AND x_row_keys.wrapped_key = %s;
UPDATE verifications SET result=%s, reason=%s, message=%s, ivms101_beneficiary=coalesce(%s, verifications.ivms101_beneficiary), ivms101_beneficiary_vasp=coalesce(%s, verifications.ivms101_beneficiary_vasp), verified_at=%s WHERE verifications.verification_uuid = %s AND (verifications.result = %s OR verifications.result = %s) AND row_count() = 1;
INSERT INTO commands (command_id, command_type, command_body, status, created_at, fetched_at, finished_at) SELECT %s AS anon_1, %s AS anon_2, %s AS anon_3, %s AS anon_4, %s AS anon_5, %s AS anon_6, %s AS anon_7 FROM DUAL
WHERE row_count() = 1;
UPDATE commands SET status=%s, finished_at=%s WHERE commands.command_id = %s AND commands.status = %s AND commands.fetched_at = %s AND row_count() = 1;

-- keys.drop_counter_party_key
DELETE FROM counter_party_keys WHERE counter_party_keys.vasp_id = %s AND counter_party_keys.key_identifier = %s AND counter_party_keys.type = %s;

-- keys.drop_own_key
DELETE FROM own_keys WHERE own_keys.key_identifier = %s AND own_keys.type = %s;

-- keys.find_counter_party_key
SELECT counter_party_keys.type, counter_party_keys.vasp_id, counter_party_keys.key_identifier, counter_party_keys.public_key
FROM counter_party_keys
WHERE counter_party_keys.vasp_id = %s AND counter_party_keys.key_identifier = %s AND counter_party_keys.type = %s;

-- keys.find_own_key
SELECT own_keys.type, own_keys.key_identifier, own_keys.public_key, own_keys.private_key
FROM own_keys
WHERE own_keys.key_identifier = %s AND own_keys.type = %s;

-- keys.find_own_key_by_public
SELECT own_keys.type, own_keys.key_identifier, own_keys.public_key, own_keys.private_key
FROM own_keys
WHERE own_keys.public_key = %s ORDER BY own_keys.id;

-- keys.insert_own_key
INSERT INTO own_keys (type, key_identifier, public_key, private_key, created_at) VALUES (%s, %s, %s, %s, %s);

-- keys.put_counter_party_key
UPDATE counter_party_keys SET public_key=%s, created_at=%s WHERE counter_party_keys.vasp_id = %s AND counter_party_keys.key_identifier = %s AND counter_party_keys.type = %s;
INSERT INTO counter_party_keys (type, vasp_id, key_identifier, public_key, created_at) VALUES (%s, %s, %s, %s, %s);

-- keyset.ensure_keyset
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;

-- keyset.insert_data_key
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;
INSERT INTO x_keyset (version, wrapped_key, wrapped_by, created_at) VALUES (%s, %s, %s, %s);

-- keyset.load_keyset
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;

-- keyset.open_column
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;

-- keyset.open_row
SELECT x_row_keys.verification_uuid, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM x_row_keys
WHERE x_row_keys.verification_uuid > %s ORDER BY x_row_keys.verification_uuid
 LIMIT %s;
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;

-- messages.forget_messages
DELETE FROM x_messages WHERE x_messages.seen_at < %s;

-- messages.remember_message
INSERT INTO x_messages (message_id, seen_at) VALUES (%s, %s);

-- reencrypt.count_old
SELECT count(*) AS count_1
FROM x_row_keys
WHERE x_row_keys.key_version < %s AND x_row_keys.wrapped_key IS NOT NULL;
SELECT count(*) AS count_1
FROM own_keys
WHERE own_keys.private_key NOT LIKE %s;

-- reencrypt.old_pairs
SELECT own_keys.id, own_keys.type, own_keys.key_identifier, own_keys.public_key, own_keys.private_key
FROM own_keys
WHERE own_keys.private_key NOT LIKE %s ORDER BY own_keys.id
 LIMIT %s FOR UPDATE SKIP LOCKED;

-- reencrypt.old_rows
SELECT x_row_keys.verification_uuid, x_row_keys.key_version, x_row_keys.wrapped_key
FROM x_row_keys
WHERE x_row_keys.key_version < %s AND x_row_keys.wrapped_key IS NOT NULL ORDER BY x_row_keys.key_version, x_row_keys.verification_uuid
 LIMIT %s FOR UPDATE SKIP LOCKED;

-- reencrypt.reencrypt_own_keys
UPDATE own_keys SET private_key=%s WHERE own_keys.id = %s;

-- reencrypt.reencrypt_verifications
SELECT verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp
FROM verifications
WHERE verifications.verification_uuid = %s;
UPDATE verifications SET ivms101_originator=%s, ivms101_originating_vasp=%s, ivms101_beneficiary=%s, ivms101_beneficiary_vasp=%s WHERE verifications.verification_uuid = %s;
UPDATE x_row_keys SET key_version=%s, wrapped_key=%s WHERE x_row_keys.verification_uuid = %s;

-- retention.count_older
SELECT count(*) AS count_1
FROM verifications
WHERE verifications.created_at < %s;

-- retention.delete_older
DELETE FROM chainalysis_kyt_alerts WHERE chainalysis_kyt_alerts.external_id IN (SELECT chainalysis_kyt_results.external_id
FROM chainalysis_kyt_results
WHERE chainalysis_kyt_results.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]) AND chainalysis_kyt_results.external_id IS NOT NULL);
DELETE FROM chainalysis_sanction_results WHERE chainalysis_sanction_results.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
DELETE FROM chainalysis_kyt_results WHERE chainalysis_kyt_results.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
DELETE FROM refinitiv_wco_results WHERE refinitiv_wco_results.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
DELETE FROM x_trp_exchanges WHERE x_trp_exchanges.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
UPDATE x_row_keys SET wrapped_key=%s, content_mac=%s, erased_at=%s WHERE x_row_keys.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]) AND x_row_keys.erased_at IS NULL;
DELETE FROM own_keys WHERE own_keys.type = %s AND own_keys.key_identifier IN (__[POSTCOMPILE_key_identifier_1]);
DELETE FROM verifications WHERE verifications.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);

-- retention.drop_own_keys
DELETE FROM own_keys WHERE own_keys.id = %s;

-- retention.find_unused_keys
INSERT INTO own_keys (type, key_identifier, public_key, private_key, created_at) VALUES (%s, %s, %s, %s, %s);
SELECT own_keys.id, own_keys.type, own_keys.key_identifier, own_keys.created_at
FROM own_keys
WHERE own_keys.id > %s ORDER BY own_keys.id
 LIMIT %s;
SELECT DISTINCT verifications.verification_uuid
FROM verifications
WHERE verifications.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
SELECT DISTINCT verifications.beneficiary_account_number
FROM verifications
WHERE verifications.beneficiary_account_number IN (__[POSTCOMPILE_beneficiary_account_number_1]);

-- retention.older
SELECT verifications.verification_uuid
FROM verifications
WHERE verifications.created_at < %s ORDER BY verifications.verification_id
 LIMIT %s FOR UPDATE SKIP LOCKED;

-- sizes.measure
SELECT count(*) AS row_count, sum(8 + coalesce(octet_length(verifications.verification_uuid), %s) + coalesce(octet_length(verifications.result), %s) + coalesce(octet_length(verifications.reason), %s) + coalesce(octet_length(verifications.message), %s) + coalesce(octet_length(verifications.network), %s) + coalesce(octet_length(verifications.symbol), %s) + coalesce(octet_length(verifications.amount), %s) + coalesce(octet_length(verifications.trade_price), %s) + coalesce(octet_length(verifications.trade_currency), %s) + 8 + 8 + coalesce(octet_length(verifications.tx_hash), %s) + coalesce(octet_length(verifications.vout), %s) + 8 + coalesce(octet_length(verifications.originator_account_number), %s) + coalesce(octet_length(verifications.ivms101_originator), %s) + coalesce(octet_length(verifications.ivms101_originating_vasp), %s) + 8 + coalesce(octet_length(verifications.beneficiary_account_number), %s) + coalesce(octet_length(verifications.ivms101_beneficiary), %s) + coalesce(octet_length(verifications.ivms101_beneficiary_vasp), %s) + 8 + 8 + 8) AS held
FROM verifications;
SELECT count(*) AS row_count, sum(8 + coalesce(octet_length(commands.command_type), %s) + coalesce(octet_length(commands.command_body), %s) + coalesce(octet_length(commands.status), %s) + 8 + 8 + 8) AS held
FROM commands;

-- trp.find_exchange
SELECT x_trp_exchanges.verification_uuid, x_trp_exchanges.vasp_id, x_trp_exchanges.callback, x_trp_exchanges.version, x_trp_exchanges.created_at
FROM x_trp_exchanges
WHERE x_trp_exchanges.verification_uuid = %s;

-- trp.put_exchange
SELECT x_trp_exchanges.verification_uuid, x_trp_exchanges.vasp_id, x_trp_exchanges.callback, x_trp_exchanges.version, x_trp_exchanges.created_at
FROM x_trp_exchanges
WHERE x_trp_exchanges.verification_uuid = %s;
INSERT INTO x_trp_exchanges (verification_uuid, vasp_id, callback, version, created_at) VALUES (%s, %s, %s, %s, %s);
UPDATE x_trp_exchanges SET callback=%s, version=%s WHERE x_trp_exchanges.verification_uuid = %s;

-- verifications.erase_verification
UPDATE x_row_keys SET wrapped_key=%s, content_mac=%s, erased_at=%s WHERE x_row_keys.verification_uuid = %s AND x_row_keys.erased_at IS NULL;
UPDATE verifications SET message=%s, originator_account_number=%s, ivms101_originator=%s, ivms101_originating_vasp=%s, beneficiary_account_number=%s, ivms101_beneficiary=%s, ivms101_beneficiary_vasp=%s WHERE verifications.verification_uuid = %s;
DELETE FROM own_keys WHERE own_keys.key_identifier = %s AND own_keys.type = %s;

-- verifications.find_outline
SELECT verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid
WHERE verifications.verification_uuid = %s;

-- verifications.find_verification
SELECT verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid
WHERE verifications.verification_uuid = %s;

-- verifications.insert_verification
INSERT INTO verifications (verification_uuid, result, reason, message, network, symbol, amount, trade_price, trade_currency, trade_iso_datetime, is_exceeding_threshold, tx_hash, vout, originating_vasp_id, originator_account_number, ivms101_originator, ivms101_originating_vasp, beneficiary_vasp_id, beneficiary_account_number, ivms101_beneficiary, ivms101_beneficiary_vasp, verified_at, ordered_at, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s);
INSERT INTO x_row_keys (verification_uuid, key_version, wrapped_key, content_mac) VALUES (%s, %s, %s, %s);

-- verifications.list_linked
SELECT verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.created_at
FROM verifications
WHERE verifications.beneficiary_account_number = %s AND verifications.originator_account_number = %s AND verifications.originating_vasp_id = %s AND verifications.verification_id < %s AND verifications.created_at >= %s AND verifications.result IN (__[POSTCOMPILE_result_1]) ORDER BY verifications.verification_id DESC
 LIMIT %s;

-- verifications.list_verifications
SELECT verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid
WHERE verifications.symbol = %s AND verifications.tx_hash = %s AND verifications.result = %s AND verifications.originator_account_number = %s AND verifications.beneficiary_account_number = %s AND verifications.created_at >= %s AND verifications.created_at <= %s AND verifications.originating_vasp_id = %s AND (verifications.originating_vasp_id = %s OR verifications.beneficiary_vasp_id = %s) ORDER BY verifications.verification_id DESC
 LIMIT %s, %s;

-- verifications.record_result
SELECT x_row_keys.key_version, x_row_keys.wrapped_key
FROM x_row_keys
WHERE x_row_keys.verification_uuid = %s FOR UPDATE;
UPDATE verifications SET result=%s, reason=%s, message=%s, ivms101_beneficiary=%s, verified_at=%s WHERE verifications.verification_uuid = %s AND verifications.result IN (__[POSTCOMPILE_result_1]);

-- verifications.record_transfer_error
UPDATE verifications SET result=%s, reason=%s, message=%s WHERE verifications.verification_uuid = %s AND verifications.result = %s;

-- verifications.record_tx
UPDATE verifications SET tx_hash=%s, vout=%s WHERE verifications.verification_uuid = %s AND verifications.result IN (__[POSTCOMPILE_result_1]) AND (verifications.tx_hash IS NULL OR verifications.tx_hash = %s);
