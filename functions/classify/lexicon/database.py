"""Words that point to a database as the cause."""

from functions.classify.rule_match import Terms

DATABASE = (
    Terms(
        "database engine",
        {"Database": 3},
        "postgres, postgresql, postgre, psql, pgbouncer, pgpool, pgadmin, pg, patroni, mysql, mysqld, mariadb, "
        "innodb, myisam, galera, percona, sql server, sqlserver, mssql, t-sql, tsql, ssms, mongodb, mongo, mongod, "
        "mongos, mongodump, redis, valkey, elasticsearch, opensearch, elastic cluster, solr, lucene, cassandra, "
        "scylla, scylladb, dynamodb, dynamo, cosmosdb, cosmos db, couchbase, couchdb, neo4j, influxdb, influx, "
        "timescaledb, timescale, clickhouse, snowflake, redshift, bigquery, cockroachdb, cockroach, yugabyte, tidb, "
        "spanner, aurora, rds, sqlite, db2, sybase, informix, firebird, teradata, vertica, greenplum, hbase, trino, "
        "documentdb, firestore, supabase, planetscale, vitess, duckdb, rocksdb, leveldb, hana, oracle db, "
        "oracle database, plsql, pl/sql, rman, dbcc, checkdb, tempdb, pg_dump, pg_restore, pg_basebackup, "
        "mysqldump, oplog, proxysql, maxscale, memcached, victoriametrics, arangodb, ravendb, milvus, pgvector, "
        "pinecone, qdrant, wiredtiger, innodb buffer pool, buffer pool",
    ),
    Terms(
        "database engine",
        {"Database": 2},
        "oracle, ora, hive, presto, druid, memcache, dataguard, data guard",
    ),
    Terms(
        "database",
        {"Database": 2.8},
        "db, database, databases, datenbank, dba, rdbms, dwh, data warehouse, nosql",
    ),
    Terms(
        "SQL",
        {"Database": 2.5},
        "sql, sqlstate, hy000, delete from, insert into, select from, update statement, delete statement, "
        "alter table, create table, drop table, drop column, create index, truncate table, truncate, where clause, "
        "without where, group by, order by, ddl, dml, cross join, left join, cartesian product, null values, "
        "n+1 query",
    ),
    Terms(
        "query",
        {"Database": 2.2},
        "query, queries, slow query, slow queries, slow query log, query plan, query planner, execution plan, "
        "explain analyze, seq scan, full table scan, table scan, index scan, nested loop, long running query, "
        "long running transaction, statement timeout, prepared statement, stored procedure, stored proc, procs, "
        "materialized view, materialised view, query optimizer, stale statistics, table statistics, joins twice, "
        "outer join, sql view, view joins, outfile",
    ),
    Terms(
        "table",
        {"Database": 1.6},
        "table, tables, tablespace, temp table, temporary table, schema, schemas, primary key, foreign key, "
        "constraint, unique constraint, unique index, unique key, index, indexes, reindex, auto increment, "
        "sequence, enum value, sequence exhausted, identity column, collation, partitioning, partitioned, "
        "database view, not null, nullable, orphaned rows, duplicate rows, duplicate records, duplicated rows, "
        "lookup table, varchar, bigint, integer overflow, unique id, uuid column, fulltext index, full text index, "
        "view definition, trigger on, missing index, unused index, drop index, check constraint, column comment, "
        "ad hoc query, execution time, full scan, full scans, hash join, sort spill, histogram, cardinality",
    ),
    Terms(
        "row",
        {"Database": 0.8},
        "row, rows, record, records, column, columns, partition, dataset, data type, relation",
    ),
    Terms(
        "locks and transactions",
        {"Database": 2.5},
        "deadlock, deadlocks, lock wait, lock wait timeout, row lock, table lock, lock contention, lock timeout, "
        "locks, blocking session, blocked sessions, blocker session, idle in transaction, isolation level, "
        "serialization failure, could not serialize, dirty read, phantom read, transaction id, wraparound, xid, "
        "transaction, transactions, advisory lock, metadata lock, snapshot too old, undo retention, undo segment",
    ),
    Terms(
        "replication",
        {"Database": 2.2},
        "replication, replication lag, replica lag, replica lagging, read replica, replication slot, replica set, "
        "standby database, hot standby, streaming replication, slave lag, slave, binlog, binary log, wal, "
        "wal archive, redo log, archive log, archivelog, transaction log, log shipping, logical replication, "
        "availability group, always on, split brain, keyspace, shard, shards, sharding, unassigned shards, "
        "consistency level, read quorum, point in time recovery, pitr, primary database, tombstones, compaction, "
        "change data capture, cdc, debezium",
    ),
    Terms(
        "replication",
        {"Database": 0.8},
        "replica, failover, primary, quorum, standby, secondary, promotion, promoted",
    ),
    Terms(
        "database upkeep",
        {"Database": 2.6},
        "vacuum, autovacuum, bloat, table bloat, checkpoint record, checkpointer, row level security, rls, "
        "bypassrls, grant select, revoke select, grants, db user, database user, read only user, readonly user, "
        "select on, seed data, seed script, flyway, liquibase, alembic, schema change, schema migration, "
        "db migration, migration script, anonymised dump, anonymized dump, evicted_keys, evicting keys, "
        "evicted keys, maxmemory, cache eviction, pg_stat, information_schema, slow log, undo tablespace, "
        "temp space, data file, datafile, archiver, awr, control file, purge of old records",
    ),
    Terms(
        "database upkeep",
        {"Database": 1.4},
        "migration, migrations, dump, dumps, collection, ingest, etl, dbt, olap",
    ),
    Terms(
        "backup",
        {"Database": 0.5, "Infrastructure": 0.7},
        "backup, backups, restore, snapshot, snapshots",
    ),
    Terms(
        "connections",
        {"Database": 2.5},
        "connection pool, too many clients, too many connections, max connections, max_connections, hikari, "
        "hikaripool, hikaricp, pool exhausted, connection pool exhausted, connection slots, jdbc, odbc, dsn, "
        "server has gone away, lost connection to mysql, connection limit exceeded, c3p0, dbcp, sqlalchemy, "
        "psycopg, psycopg2, pymysql, pymongo, jedis, sequelize, knex, typeorm, hibernate, activerecord, "
        "entity framework, tns, jpa",
    ),
    Terms(
        "ORM",
        {"Database": 1.2},
        "orm, prisma, doctrine, mongoose, pool",
    ),
    Terms(
        "database errors",
        {"Database": 2.8},
        "sqlexception, psqlexception, operationalerror, programmingerror, integrityerror, dataerror, "
        "duplicatecolumn, uniqueviolation, dataaccessexception, sqltimeoutexception, cannotacquirelockexception, "
        "mongoservererror, mongotimeouterror, redisconnectionexception, query timeout, querytimeout, duplicate key, "
        "duplicate entry, violates unique, violates foreign key, value too long for type, relation not exist, "
        "unknown column, no such table, table not exist, read only transaction, not accepting commands, "
        "lazyinitializationexception, provisionedthroughputexceededexception, throttledrequests, hot partition, "
        "read capacity, write capacity, moved slot, crossslot, misconf, noeviction, logical consistency, "
        "consistency errors, page corruption, index corruption, corrupt index, corrupted table, notwritableprimary, "
        "circuit_breaking_exception, esrejectedexecutionexception, high watermark, flood stage, low watermark, "
        "oom command not allowed, canceling statement, canceling statement due to, checkpoint, in recovery mode, "
        "recovery mode, replica set member, recovery pending, suspect mode, lsn, torn page, duplicate key value, "
        "er_lock_deadlock, er_dup_entry, too many connections for role, remaining connection slots, "
        "cluster_block_exception, index read-only, red cluster, cluster red, cluster status red, status yellow, "
        "status red, cluster status yellow, unassigned replica shards, cassandra timeout, hinted handoff, "
        "repair job, sstable, memtable, heap pressure on data node, ag failed over, pg_wal, pg_xlog, oplog window, "
        "rs.status",
    ),
    Terms(
        "stored data",
        {"Database": 0.8},
        "data, corruption, corrupt, dataset, stored data, data integrity, inconsistent data, data quality, "
        "truncated, warehouse load, audit log, throttling, checksum, cache hit rate, reindexing",
    ),
    Terms(
        "client words",
        {"Application": 2},
        "sql injection, query string, query parameter, query param, graphql query",
    ),
    Terms(
        "UI table",
        {"Application": 2},
        "table layout, table header, column width, column headers, sort column, data table",
    ),
    Terms(
        "hidden",
        {},
        "table reservation, pool table, time table, timetable, loading dock, on record, track record",
    ),
    Terms(
        "ledger and records",
        {"Database": 1.0},
        "ledger, truncated table, stored proc, master data, data model, referential integrity, row count, "
        "row counts, rowcount",
    ),
)
