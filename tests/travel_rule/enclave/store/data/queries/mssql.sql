-- assessments.find_kyt
SELECT chainalysis_kyt_results.id, chainalysis_kyt_results.request_id, chainalysis_kyt_results.verification_uuid, chainalysis_kyt_results.counterparty_vasp_id, chainalysis_kyt_results.api_type, chainalysis_kyt_results.user_id, chainalysis_kyt_results.direction, chainalysis_kyt_results.network, chainalysis_kyt_results.asset, chainalysis_kyt_results.amount, chainalysis_kyt_results.usd_price, chainalysis_kyt_results.transfer_ref, chainalysis_kyt_results.output_address, chainalysis_kyt_results.timestamp, chainalysis_kyt_results.external_id, chainalysis_kyt_results.status, chainalysis_kyt_results.worker_id, chainalysis_kyt_results.last_checked_at, chainalysis_kyt_results.alert_count, chainalysis_kyt_results.created_at, chainalysis_kyt_results.updated_at, chainalysis_kyt_results.assessed_at
FROM chainalysis_kyt_results
WHERE chainalysis_kyt_results.request_id = :of_id;

-- assessments.find_sanction
SELECT chainalysis_sanction_results.id, chainalysis_sanction_results.request_id, chainalysis_sanction_results.verification_uuid, chainalysis_sanction_results.counterparty_vasp_id, chainalysis_sanction_results.direction, chainalysis_sanction_results.address, chainalysis_sanction_results.status, chainalysis_sanction_results.ofac_name, chainalysis_sanction_results.ofac_description, chainalysis_sanction_results.ofac_url, chainalysis_sanction_results.created_at, chainalysis_sanction_results.updated_at
FROM chainalysis_sanction_results
WHERE chainalysis_sanction_results.request_id = :of_id;

-- assessments.find_wco
SELECT refinitiv_wco_results.id, refinitiv_wco_results.request_id, refinitiv_wco_results.verification_uuid, refinitiv_wco_results.counterparty_vasp_id, refinitiv_wco_results.direction, refinitiv_wco_results.case_system_id, refinitiv_wco_results.aggregated_result_summaries, refinitiv_wco_results.worker_id, refinitiv_wco_results.status, refinitiv_wco_results.last_checked_at, refinitiv_wco_results.created_at, refinitiv_wco_results.updated_at, refinitiv_wco_results.assessed_at
FROM refinitiv_wco_results
WHERE refinitiv_wco_results.request_id = :of_id;

-- assessments.insert_alerts
SELECT chainalysis_kyt_alerts.alert_id
FROM chainalysis_kyt_alerts
WHERE chainalysis_kyt_alerts.alert_id IN (__[POSTCOMPILE_of_ids]);
INSERT INTO chainalysis_kyt_alerts (external_id, alert_id, alert_level, entity_category, service_name, exposure_type, alert_amount, created_at, updated_at) OUTPUT inserted.id VALUES (:external_id, :alert_id, :alert_level, :entity_category, :service_name, :exposure_type, :alert_amount, :created_at, :updated_at);

-- assessments.insert_kyt
INSERT INTO chainalysis_kyt_results (request_id, verification_uuid, counterparty_vasp_id, api_type, user_id, direction, network, asset, amount, usd_price, transfer_ref, output_address, timestamp, external_id, status, worker_id, last_checked_at, alert_count, created_at, updated_at, assessed_at) OUTPUT inserted.id VALUES (:request_id, :verification_uuid, :counterparty_vasp_id, :api_type, :user_id, :direction, :network, :asset, :amount, :usd_price, :transfer_ref, :output_address, :timestamp, :external_id, :status, :worker_id, :last_checked_at, :alert_count, :created_at, :updated_at, :assessed_at);

-- assessments.insert_sanction
INSERT INTO chainalysis_sanction_results (request_id, verification_uuid, counterparty_vasp_id, direction, address, status, ofac_name, ofac_description, ofac_url, created_at, updated_at) OUTPUT inserted.id VALUES (:request_id, :verification_uuid, :counterparty_vasp_id, :direction, :address, :status, :ofac_name, :ofac_description, :ofac_url, :created_at, :updated_at);

-- assessments.insert_wco
INSERT INTO refinitiv_wco_results (request_id, verification_uuid, counterparty_vasp_id, direction, case_system_id, aggregated_result_summaries, worker_id, status, last_checked_at, created_at, updated_at, assessed_at) OUTPUT inserted.id VALUES (:request_id, :verification_uuid, :counterparty_vasp_id, :direction, :case_system_id, :aggregated_result_summaries, :worker_id, :status, :last_checked_at, :created_at, :updated_at, :assessed_at);

-- assessments.list_alerts
SELECT chainalysis_kyt_alerts.id, chainalysis_kyt_alerts.external_id, chainalysis_kyt_alerts.alert_id, chainalysis_kyt_alerts.alert_level, chainalysis_kyt_alerts.entity_category, chainalysis_kyt_alerts.service_name, chainalysis_kyt_alerts.exposure_type, chainalysis_kyt_alerts.alert_amount, chainalysis_kyt_alerts.created_at, chainalysis_kyt_alerts.updated_at
FROM chainalysis_kyt_alerts
WHERE chainalysis_kyt_alerts.external_id = :of_id ORDER BY chainalysis_kyt_alerts.id;

-- assessments.take_kyt
UPDATE chainalysis_kyt_results SET worker_id=:worker_id, last_checked_at=:last_checked_at WHERE chainalysis_kyt_results.id = :of_id;

-- assessments.take_wco
UPDATE refinitiv_wco_results SET worker_id=:worker_id, last_checked_at=:last_checked_at WHERE refinitiv_wco_results.id = :of_id;

-- assessments.taking
SELECT TOP __[POSTCOMPILE_param_1] chainalysis_kyt_results.id, chainalysis_kyt_results.request_id, chainalysis_kyt_results.verification_uuid, chainalysis_kyt_results.counterparty_vasp_id, chainalysis_kyt_results.api_type, chainalysis_kyt_results.user_id, chainalysis_kyt_results.direction, chainalysis_kyt_results.network, chainalysis_kyt_results.asset, chainalysis_kyt_results.amount, chainalysis_kyt_results.usd_price, chainalysis_kyt_results.transfer_ref, chainalysis_kyt_results.output_address, chainalysis_kyt_results.timestamp, chainalysis_kyt_results.external_id, chainalysis_kyt_results.status, chainalysis_kyt_results.worker_id, chainalysis_kyt_results.last_checked_at, chainalysis_kyt_results.alert_count, chainalysis_kyt_results.created_at, chainalysis_kyt_results.updated_at, chainalysis_kyt_results.assessed_at
FROM chainalysis_kyt_results WITH (UPDLOCK, READPAST, ROWLOCK)
WHERE chainalysis_kyt_results.status = :status_1 AND (chainalysis_kyt_results.worker_id IS NULL AND chainalysis_kyt_results.last_checked_at <= :due OR chainalysis_kyt_results.worker_id IS NOT NULL AND chainalysis_kyt_results.last_checked_at <= :ran_out) ORDER BY chainalysis_kyt_results.last_checked_at;
SELECT TOP __[POSTCOMPILE_param_1] refinitiv_wco_results.id, refinitiv_wco_results.request_id, refinitiv_wco_results.verification_uuid, refinitiv_wco_results.counterparty_vasp_id, refinitiv_wco_results.direction, refinitiv_wco_results.case_system_id, refinitiv_wco_results.aggregated_result_summaries, refinitiv_wco_results.worker_id, refinitiv_wco_results.status, refinitiv_wco_results.last_checked_at, refinitiv_wco_results.created_at, refinitiv_wco_results.updated_at, refinitiv_wco_results.assessed_at
FROM refinitiv_wco_results WITH (UPDLOCK, READPAST, ROWLOCK)
WHERE refinitiv_wco_results.status = :status_1 AND (refinitiv_wco_results.worker_id IS NULL AND refinitiv_wco_results.last_checked_at <= :due OR refinitiv_wco_results.worker_id IS NOT NULL AND refinitiv_wco_results.last_checked_at <= :ran_out) ORDER BY refinitiv_wco_results.last_checked_at;

-- assessments.update_kyt
UPDATE chainalysis_kyt_results SET usd_price=:usd_price, external_id=:external_id, status=:status, worker_id=:worker_id, last_checked_at=:last_checked_at, alert_count=:alert_count, updated_at=:updated_at, assessed_at=:assessed_at WHERE chainalysis_kyt_results.request_id = :request_id_1 AND chainalysis_kyt_results.worker_id = :worker_id_1 AND chainalysis_kyt_results.last_checked_at = :last_checked_at_1 AND chainalysis_kyt_results.status IN (__[POSTCOMPILE_status_1]);

-- assessments.update_wco
UPDATE refinitiv_wco_results SET aggregated_result_summaries=:aggregated_result_summaries, worker_id=:worker_id, status=:status, last_checked_at=:last_checked_at, updated_at=:updated_at, assessed_at=:assessed_at WHERE refinitiv_wco_results.request_id = :request_id_1 AND refinitiv_wco_results.worker_id = :worker_id_1 AND refinitiv_wco_results.last_checked_at = :last_checked_at_1 AND refinitiv_wco_results.status IN (__[POSTCOMPILE_status_1]);

-- commands.fail_command
UPDATE commands SET status=:status, finished_at=:at WHERE commands.command_id = :of_id AND commands.status = :status_1 AND commands.fetched_at = :leased_at;

-- commands.finish_command
UPDATE commands SET status=:status, finished_at=:at WHERE commands.command_id = :of_id AND commands.status = :status_1 AND commands.fetched_at = :leased_at;

-- commands.finish_commands
UPDATE commands SET status=:status, finished_at=:at WHERE commands.command_id = :of_id AND commands.status = :status_1 AND commands.fetched_at = :leased_at;

-- commands.forget_commands
DELETE FROM commands WHERE commands.status = :status_1 AND commands.finished_at < :before;

-- commands.insert_commands
INSERT INTO commands (command_id, command_type, command_body, status, created_at, fetched_at, finished_at) VALUES (:command_id, :command_type, :command_body, :status, :created_at, :fetched_at, :finished_at);

-- commands.list_dead_letters
SELECT TOP __[POSTCOMPILE_param_1] commands.command_id, commands.command_type, commands.command_body, commands.status, commands.created_at, commands.fetched_at, commands.finished_at
FROM commands
WHERE commands.status = :status_1 AND commands.command_id > :command_id_1 ORDER BY commands.command_id;

-- commands.postpone_command
UPDATE commands SET command_body=:body, status=:status, fetched_at=:at WHERE commands.command_id = :of_id AND commands.status = :status_1 AND commands.fetched_at = :leased_at;

-- commands.replay_dead_letter
INSERT INTO commands (command_id, command_type, command_body, status, created_at, fetched_at, finished_at) VALUES (:command_id, :command_type, :command_body, :status, :created_at, :fetched_at, :finished_at);
SELECT commands.command_id, commands.command_type, commands.command_body, commands.status, commands.created_at, commands.fetched_at, commands.finished_at
FROM commands
WHERE commands.status = :status_1 AND commands.command_id = :of_id ORDER BY commands.command_id;
UPDATE commands SET command_body=:body, status=:status, fetched_at=:fetched_at, finished_at=:finished_at WHERE commands.command_id = :of_id AND commands.status = :status_1;

-- commands.take_commands
UPDATE commands SET status=:status, fetched_at=:at WHERE commands.command_id = :of_id;

-- commands.taking
SELECT TOP __[POSTCOMPILE_param_1] commands.command_id, commands.command_type, commands.command_body, commands.status, commands.created_at, commands.fetched_at, commands.finished_at
FROM commands WITH (UPDLOCK, READPAST, ROWLOCK)
WHERE commands.status = :status_1 AND (commands.fetched_at IS NULL OR commands.fetched_at <= :by) ORDER BY commands.command_id;
SELECT TOP __[POSTCOMPILE_param_1] commands.command_id, commands.command_type, commands.command_body, commands.status, commands.created_at, commands.fetched_at, commands.finished_at
FROM commands WITH (UPDLOCK, READPAST, ROWLOCK)
WHERE commands.status = :status_1 AND commands.fetched_at <= :by ORDER BY commands.command_id;

-- copies.continue_numbers
SELECT max(verifications.verification_id) AS max_1
FROM verifications;

-- copies.copy_rows
SELECT TOP __[POSTCOMPILE_param_1] verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.verification_uuid AS owner, x_row_keys.key_version, x_row_keys.wrapped_key
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid AND x_row_keys.wrapped_key IS NOT NULL
WHERE verifications.verification_id > :after ORDER BY verifications.verification_id;
SELECT TOP __[POSTCOMPILE_param_1] own_keys.id, own_keys.type, own_keys.key_identifier, own_keys.public_key, own_keys.private_key, own_keys.created_at, x_row_keys.verification_uuid AS owner, x_row_keys.key_version, x_row_keys.wrapped_key
FROM own_keys LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = own_keys.key_identifier AND x_row_keys.wrapped_key IS NOT NULL
WHERE own_keys.id > :after ORDER BY own_keys.id;
SELECT TOP __[POSTCOMPILE_param_1] chainalysis_kyt_alerts.id, chainalysis_kyt_alerts.external_id, chainalysis_kyt_alerts.alert_id, chainalysis_kyt_alerts.alert_level, chainalysis_kyt_alerts.entity_category, chainalysis_kyt_alerts.service_name, chainalysis_kyt_alerts.exposure_type, chainalysis_kyt_alerts.alert_amount, chainalysis_kyt_alerts.created_at, chainalysis_kyt_alerts.updated_at
FROM chainalysis_kyt_alerts
WHERE chainalysis_kyt_alerts.id > :after ORDER BY chainalysis_kyt_alerts.id;
SELECT TOP __[POSTCOMPILE_param_1] x_trp_exchanges.verification_uuid, x_trp_exchanges.vasp_id, x_trp_exchanges.callback, x_trp_exchanges.version, x_trp_exchanges.created_at, x_row_keys.verification_uuid AS owner, x_row_keys.key_version, x_row_keys.wrapped_key
FROM x_trp_exchanges LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = x_trp_exchanges.verification_uuid AND x_row_keys.wrapped_key IS NOT NULL
WHERE x_trp_exchanges.verification_uuid > :after ORDER BY x_trp_exchanges.verification_uuid;

-- copies.insert_copies
SELECT TOP __[POSTCOMPILE_param_1] verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.verification_uuid AS owner, x_row_keys.key_version, x_row_keys.wrapped_key
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid AND x_row_keys.wrapped_key IS NOT NULL
WHERE verifications.verification_id > :after ORDER BY verifications.verification_id;
DELETE FROM verifications;
SELECT x_row_keys.verification_uuid, x_row_keys.key_version, x_row_keys.wrapped_key
FROM x_row_keys
WHERE x_row_keys.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
INSERT INTO verifications (verification_id, verification_uuid, result, reason, message, network, symbol, amount, trade_price, trade_currency, trade_iso_datetime, is_exceeding_threshold, tx_hash, vout, originating_vasp_id, originator_account_number, ivms101_originator, ivms101_originating_vasp, beneficiary_vasp_id, beneficiary_account_number, ivms101_beneficiary, ivms101_beneficiary_vasp, verified_at, ordered_at, created_at) VALUES (:verification_id, :verification_uuid, :result, :reason, :message, :network, :symbol, :amount, :trade_price, :trade_currency, :trade_iso_datetime, :is_exceeding_threshold, :tx_hash, :vout, :originating_vasp_id, :originator_account_number, :ivms101_originator, :ivms101_originating_vasp, :beneficiary_vasp_id, :beneficiary_account_number, :ivms101_beneficiary, :ivms101_beneficiary_vasp, :verified_at, :ordered_at, :created_at);

-- copies.insert_keys
SELECT x_keyset.version, x_keyset.wrapped_key, x_keyset.wrapped_by, x_keyset.created_at
FROM x_keyset ORDER BY x_keyset.version;
DELETE FROM x_keyset;
INSERT INTO x_keyset (version, wrapped_key, wrapped_by, created_at) VALUES (:version, :wrapped_key, :wrapped_by, :created_at);

-- copies.is_empty
SELECT TOP __[POSTCOMPILE_param_1] :param_2 AS anon_1
FROM verifications;

-- copies.list_data_keys
SELECT x_keyset.version, x_keyset.wrapped_key, x_keyset.wrapped_by, x_keyset.created_at
FROM x_keyset ORDER BY x_keyset.version;

-- copies.list_row_keys
SELECT TOP __[POSTCOMPILE_param_1] x_row_keys.verification_uuid, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM x_row_keys
WHERE x_row_keys.verification_uuid > :after ORDER BY x_row_keys.verification_uuid;

-- keys.drop_counter_party_key
DELETE FROM counter_party_keys WHERE counter_party_keys.vasp_id = :of_vasp AND counter_party_keys.key_identifier = :identifier AND counter_party_keys.type = :of_type;

-- keys.drop_own_key
DELETE FROM own_keys WHERE own_keys.key_identifier = :identifier AND own_keys.type = :of_type;

-- keys.find_counter_party_key
SELECT counter_party_keys.type, counter_party_keys.vasp_id, counter_party_keys.key_identifier, counter_party_keys.public_key
FROM counter_party_keys
WHERE counter_party_keys.vasp_id = :of_vasp AND counter_party_keys.key_identifier = :identifier AND counter_party_keys.type = :of_type;

-- keys.find_own_key
SELECT own_keys.type, own_keys.key_identifier, own_keys.public_key, own_keys.private_key
FROM own_keys
WHERE own_keys.key_identifier = :identifier AND own_keys.type = :of_type;

-- keys.find_own_key_by_public
SELECT own_keys.type, own_keys.key_identifier, own_keys.public_key, own_keys.private_key
FROM own_keys
WHERE own_keys.public_key = :of_public ORDER BY own_keys.id;

-- keys.insert_own_key
INSERT INTO own_keys (type, key_identifier, public_key, private_key, created_at) OUTPUT inserted.id VALUES (:type, :key_identifier, :public_key, :private_key, :created_at);

-- keys.put_counter_party_key
UPDATE counter_party_keys SET public_key=:public_key, created_at=:created_at WHERE counter_party_keys.vasp_id = :of_vasp AND counter_party_keys.key_identifier = :identifier AND counter_party_keys.type = :of_type;
INSERT INTO counter_party_keys (type, vasp_id, key_identifier, public_key, created_at) OUTPUT inserted.id VALUES (:type, :vasp_id, :key_identifier, :public_key, :created_at);

-- keyset.ensure_keyset
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;

-- keyset.insert_data_key
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;
INSERT INTO x_keyset (version, wrapped_key, wrapped_by, created_at) VALUES (:version, :wrapped_key, :wrapped_by, :created_at);

-- keyset.load_keyset
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;

-- keyset.open_column
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;

-- keyset.open_row
SELECT TOP __[POSTCOMPILE_param_1] x_row_keys.verification_uuid, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM x_row_keys
WHERE x_row_keys.verification_uuid > :after ORDER BY x_row_keys.verification_uuid;
SELECT x_keyset.version, x_keyset.wrapped_key
FROM x_keyset;

-- messages.forget_messages
DELETE FROM x_messages WHERE x_messages.seen_at < :before;

-- messages.remember_message
INSERT INTO x_messages (message_id, seen_at) VALUES (:message_id, :seen_at);

-- reencrypt.count_old
SELECT count(*) AS count_1
FROM x_row_keys
WHERE x_row_keys.key_version < :newest AND x_row_keys.wrapped_key IS NOT NULL;
SELECT count(*) AS count_1
FROM own_keys
WHERE own_keys.private_key NOT LIKE :newest_prefix;

-- reencrypt.old_pairs
SELECT TOP __[POSTCOMPILE_param_1] own_keys.id, own_keys.type, own_keys.key_identifier, own_keys.public_key, own_keys.private_key
FROM own_keys WITH (UPDLOCK, READPAST, ROWLOCK)
WHERE own_keys.private_key NOT LIKE :newest_prefix ORDER BY own_keys.id;

-- reencrypt.old_rows
SELECT TOP __[POSTCOMPILE_param_1] x_row_keys.verification_uuid, x_row_keys.key_version, x_row_keys.wrapped_key
FROM x_row_keys WITH (UPDLOCK, READPAST, ROWLOCK)
WHERE x_row_keys.key_version < :newest AND x_row_keys.wrapped_key IS NOT NULL ORDER BY x_row_keys.key_version, x_row_keys.verification_uuid;

-- reencrypt.reencrypt_own_keys
UPDATE own_keys SET private_key=:private_key WHERE own_keys.id = :of_id;

-- reencrypt.reencrypt_verifications
SELECT verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp
FROM verifications
WHERE verifications.verification_uuid = :of_uuid;
UPDATE verifications SET ivms101_originator=:ivms101_originator, ivms101_originating_vasp=:ivms101_originating_vasp, ivms101_beneficiary=:ivms101_beneficiary, ivms101_beneficiary_vasp=:ivms101_beneficiary_vasp WHERE verifications.verification_uuid = :of_uuid;
UPDATE x_row_keys SET key_version=:key_version, wrapped_key=:wrapped_key WHERE x_row_keys.verification_uuid = :of_uuid;

-- retention.count_older
SELECT count(*) AS count_1
FROM verifications
WHERE verifications.created_at < :before;

-- retention.delete_older
DELETE FROM chainalysis_kyt_alerts WHERE chainalysis_kyt_alerts.external_id IN (SELECT chainalysis_kyt_results.external_id
FROM chainalysis_kyt_results
WHERE chainalysis_kyt_results.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]) AND chainalysis_kyt_results.external_id IS NOT NULL);
DELETE FROM chainalysis_sanction_results WHERE chainalysis_sanction_results.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
DELETE FROM chainalysis_kyt_results WHERE chainalysis_kyt_results.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
DELETE FROM refinitiv_wco_results WHERE refinitiv_wco_results.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
DELETE FROM x_trp_exchanges WHERE x_trp_exchanges.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
UPDATE x_row_keys SET wrapped_key=:wrapped_key, content_mac=:content_mac, erased_at=:erased_at WHERE x_row_keys.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]) AND x_row_keys.erased_at IS NULL;
DELETE FROM own_keys WHERE own_keys.type = :type_1 AND own_keys.key_identifier IN (__[POSTCOMPILE_key_identifier_1]);
DELETE FROM verifications WHERE verifications.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);

-- retention.drop_own_keys
DELETE FROM own_keys WHERE own_keys.id = :of_id;

-- retention.find_unused_keys
INSERT INTO own_keys (type, key_identifier, public_key, private_key, created_at) OUTPUT inserted.id VALUES (:type, :key_identifier, :public_key, :private_key, :created_at);
SELECT TOP __[POSTCOMPILE_param_1] own_keys.id, own_keys.type, own_keys.key_identifier, own_keys.created_at
FROM own_keys
WHERE own_keys.id > :after ORDER BY own_keys.id;
SELECT DISTINCT verifications.verification_uuid
FROM verifications
WHERE verifications.verification_uuid IN (__[POSTCOMPILE_verification_uuid_1]);
SELECT DISTINCT verifications.beneficiary_account_number
FROM verifications
WHERE verifications.beneficiary_account_number IN (__[POSTCOMPILE_beneficiary_account_number_1]);

-- retention.older
SELECT TOP __[POSTCOMPILE_param_1] verifications.verification_uuid
FROM verifications WITH (UPDLOCK, READPAST, ROWLOCK)
WHERE verifications.created_at < :before ORDER BY verifications.verification_id;

-- sizes.measure
SELECT count(*) AS row_count, sum(8 + coalesce(datalength(verifications.verification_uuid), :coalesce_1) + coalesce(datalength(verifications.result), :coalesce_2) + coalesce(datalength(verifications.reason), :coalesce_3) + coalesce(datalength(verifications.message), :coalesce_4) + coalesce(datalength(verifications.network), :coalesce_5) + coalesce(datalength(verifications.symbol), :coalesce_6) + coalesce(datalength(verifications.amount), :coalesce_7) + coalesce(datalength(verifications.trade_price), :coalesce_8) + coalesce(datalength(verifications.trade_currency), :coalesce_9) + 8 + 8 + coalesce(datalength(verifications.tx_hash), :coalesce_10) + coalesce(datalength(verifications.vout), :coalesce_11) + 8 + coalesce(datalength(verifications.originator_account_number), :coalesce_12) + coalesce(datalength(verifications.ivms101_originator), :coalesce_13) + coalesce(datalength(verifications.ivms101_originating_vasp), :coalesce_14) + 8 + coalesce(datalength(verifications.beneficiary_account_number), :coalesce_15) + coalesce(datalength(verifications.ivms101_beneficiary), :coalesce_16) + coalesce(datalength(verifications.ivms101_beneficiary_vasp), :coalesce_17) + 8 + 8 + 8) AS held
FROM verifications;
SELECT count(*) AS row_count, sum(8 + coalesce(datalength(commands.command_type), :coalesce_1) + coalesce(datalength(commands.command_body), :coalesce_2) + coalesce(datalength(commands.status), :coalesce_3) + 8 + 8 + 8) AS held
FROM commands;

-- trp.find_exchange
SELECT x_trp_exchanges.verification_uuid, x_trp_exchanges.vasp_id, x_trp_exchanges.callback, x_trp_exchanges.version, x_trp_exchanges.created_at
FROM x_trp_exchanges
WHERE x_trp_exchanges.verification_uuid = :of_uuid;

-- trp.put_exchange
SELECT x_trp_exchanges.verification_uuid, x_trp_exchanges.vasp_id, x_trp_exchanges.callback, x_trp_exchanges.version, x_trp_exchanges.created_at
FROM x_trp_exchanges
WHERE x_trp_exchanges.verification_uuid = :of_uuid;
INSERT INTO x_trp_exchanges (verification_uuid, vasp_id, callback, version, created_at) VALUES (:verification_uuid, :vasp_id, :callback, :version, :created_at);
UPDATE x_trp_exchanges SET callback=:callback, version=:version WHERE x_trp_exchanges.verification_uuid = :of_uuid;

-- verifications.erase_verification
UPDATE x_row_keys SET wrapped_key=:wrapped_key, content_mac=:content_mac, erased_at=:erased_at WHERE x_row_keys.verification_uuid = :of_uuid AND x_row_keys.erased_at IS NULL;
UPDATE verifications SET message=:message, originator_account_number=:originator_account_number, ivms101_originator=:ivms101_originator, ivms101_originating_vasp=:ivms101_originating_vasp, beneficiary_account_number=:beneficiary_account_number, ivms101_beneficiary=:ivms101_beneficiary, ivms101_beneficiary_vasp=:ivms101_beneficiary_vasp WHERE verifications.verification_uuid = :of_uuid;
DELETE FROM own_keys WHERE own_keys.key_identifier = :of_uuid AND own_keys.type = :type_1;

-- verifications.find_outline
SELECT verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid
WHERE verifications.verification_uuid = :of_uuid;

-- verifications.find_verification
SELECT verifications.verification_id, verifications.verification_uuid, verifications.result, verifications.reason, verifications.message, verifications.network, verifications.symbol, verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.is_exceeding_threshold, verifications.tx_hash, verifications.vout, verifications.originating_vasp_id, verifications.originator_account_number, verifications.ivms101_originator, verifications.ivms101_originating_vasp, verifications.beneficiary_vasp_id, verifications.beneficiary_account_number, verifications.ivms101_beneficiary, verifications.ivms101_beneficiary_vasp, verifications.verified_at, verifications.ordered_at, verifications.created_at, x_row_keys.key_version, x_row_keys.wrapped_key, x_row_keys.content_mac, x_row_keys.erased_at
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid
WHERE verifications.verification_uuid = :of_uuid;

-- verifications.insert_verification
INSERT INTO verifications (verification_uuid, result, reason, message, network, symbol, amount, trade_price, trade_currency, trade_iso_datetime, is_exceeding_threshold, tx_hash, vout, originating_vasp_id, originator_account_number, ivms101_originator, ivms101_originating_vasp, beneficiary_vasp_id, beneficiary_account_number, ivms101_beneficiary, ivms101_beneficiary_vasp, verified_at, ordered_at, created_at) OUTPUT inserted.verification_id VALUES (:verification_uuid, :result, :reason, :message, :network, :symbol, :amount, :trade_price, :trade_currency, :trade_iso_datetime, :is_exceeding_threshold, :tx_hash, :vout, :originating_vasp_id, :originator_account_number, :ivms101_originator, :ivms101_originating_vasp, :beneficiary_vasp_id, :beneficiary_account_number, :ivms101_beneficiary, :ivms101_beneficiary_vasp, :verified_at, :ordered_at, :created_at);
INSERT INTO x_row_keys (verification_uuid, key_version, wrapped_key, content_mac) VALUES (:verification_uuid, :key_version, :wrapped_key, :content_mac);

-- verifications.list_linked
SELECT TOP __[POSTCOMPILE_param_1] verifications.amount, verifications.trade_price, verifications.trade_currency, verifications.trade_iso_datetime, verifications.created_at
FROM verifications
WHERE verifications.beneficiary_account_number = :to_account AND verifications.originator_account_number = :from_account AND verifications.originating_vasp_id = :of_vasp AND verifications.verification_id < :before_number AND verifications.created_at >= :from_at AND verifications.result IN (__[POSTCOMPILE_result_1]) ORDER BY verifications.verification_id DESC;

-- verifications.list_verifications
SELECT anon_1.verification_id, anon_1.verification_uuid, anon_1.result, anon_1.reason, anon_1.message, anon_1.network, anon_1.symbol, anon_1.amount, anon_1.trade_price, anon_1.trade_currency, anon_1.trade_iso_datetime, anon_1.is_exceeding_threshold, anon_1.tx_hash, anon_1.vout, anon_1.originating_vasp_id, anon_1.originator_account_number, anon_1.ivms101_originator, anon_1.ivms101_originating_vasp, anon_1.beneficiary_vasp_id, anon_1.beneficiary_account_number, anon_1.ivms101_beneficiary, anon_1.ivms101_beneficiary_vasp, anon_1.verified_at, anon_1.ordered_at, anon_1.created_at, anon_1.key_version, anon_1.wrapped_key, anon_1.content_mac, anon_1.erased_at
FROM (SELECT verifications.verification_id AS verification_id, verifications.verification_uuid AS verification_uuid, verifications.result AS result, verifications.reason AS reason, verifications.message AS message, verifications.network AS network, verifications.symbol AS symbol, verifications.amount AS amount, verifications.trade_price AS trade_price, verifications.trade_currency AS trade_currency, verifications.trade_iso_datetime AS trade_iso_datetime, verifications.is_exceeding_threshold AS is_exceeding_threshold, verifications.tx_hash AS tx_hash, verifications.vout AS vout, verifications.originating_vasp_id AS originating_vasp_id, verifications.originator_account_number AS originator_account_number, verifications.ivms101_originator AS ivms101_originator, verifications.ivms101_originating_vasp AS ivms101_originating_vasp, verifications.beneficiary_vasp_id AS beneficiary_vasp_id, verifications.beneficiary_account_number AS beneficiary_account_number, verifications.ivms101_beneficiary AS ivms101_beneficiary, verifications.ivms101_beneficiary_vasp AS ivms101_beneficiary_vasp, verifications.verified_at AS verified_at, verifications.ordered_at AS ordered_at, verifications.created_at AS created_at, x_row_keys.key_version AS key_version, x_row_keys.wrapped_key AS wrapped_key, x_row_keys.content_mac AS content_mac, x_row_keys.erased_at AS erased_at, ROW_NUMBER() OVER (ORDER BY verifications.verification_id DESC) AS mssql_rn
FROM verifications LEFT OUTER JOIN x_row_keys ON x_row_keys.verification_uuid = verifications.verification_uuid
WHERE verifications.symbol = :symbol_1 AND verifications.tx_hash = :tx_hash_1 AND verifications.result = :result_1 AND verifications.originator_account_number = :originator_account_number_1 AND verifications.beneficiary_account_number = :beneficiary_account_number_1 AND verifications.created_at >= :created_at_1 AND verifications.created_at <= :created_at_2 AND verifications.originating_vasp_id = :originating_vasp_id_1 AND (verifications.originating_vasp_id = :originating_vasp_id_2 OR verifications.beneficiary_vasp_id = :beneficiary_vasp_id_1)) AS anon_1
WHERE mssql_rn > :param_1 AND mssql_rn <= :param_2 + :param_1;

-- verifications.record_result
SELECT x_row_keys.key_version, x_row_keys.wrapped_key
FROM x_row_keys WITH (UPDLOCK, ROWLOCK)
WHERE x_row_keys.verification_uuid = :of_uuid;
UPDATE verifications SET result=:result, reason=:reason, message=:message, ivms101_beneficiary=:ivms101_beneficiary, verified_at=:verified_at WHERE verifications.verification_uuid = :of_uuid AND verifications.result IN (__[POSTCOMPILE_result_1]);

-- verifications.record_transfer_error
UPDATE verifications SET result=:result, reason=:reason, message=:message WHERE verifications.verification_uuid = :of_uuid AND verifications.result = :result_1;

-- verifications.record_tx
UPDATE verifications SET tx_hash=:tx_hash, vout=:vout WHERE verifications.verification_uuid = :of_uuid AND verifications.result IN (__[POSTCOMPILE_result_1]) AND (verifications.tx_hash IS NULL OR verifications.tx_hash = :same_hash);
