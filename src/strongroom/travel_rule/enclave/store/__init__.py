"""Every statement of the Travel Rule enclave, on four SQL dialects by SQLAlchemy Core.

MySQL is tested on MariaDB and PostgreSQL on PostgreSQL. For SQL Server and Oracle the statements were compiled only:
no live server was available.

Functions take the transaction that ``EnclaveDatabase.run`` hands to its work. What is encrypted in a column is in clear
outside this package: functions that read or write it take the ``ColumnCipher``.
"""
