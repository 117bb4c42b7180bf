"""How any service runs: time, randomness, keys, certificates, calls between services, settings, logs.

Nothing here decides anything about money; everything here is handed to ``app.build(host, config)``.
"""
