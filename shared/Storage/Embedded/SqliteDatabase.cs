using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace PasientensMaledata.Storage.Embedded;

/// <summary>
/// One connection to a SQLite file in WAL mode with <c>synchronous=FULL</c>: a commit that has returned survives loss of power. Both are read
/// back when it opens. Used by one thread at a time.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    private const int CheckpointBytes = 67_108_864;

    private readonly SqliteConnection connection;
    private readonly sqlite3 handle;
    private readonly string path;
    private readonly List<SqliteStatement> statements = [];

    private SqliteDatabase(string path)
    {
        this.path = path;
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw Fault(e.SqliteExtendedErrorCode, "open", e.Message);
        }

        handle = connection.Handle!;
    }

    /// <summary>The mode that SQLite says the file is in.</summary>
    public string JournalMode { get; private set; } = "";

    /// <summary>The level that SQLite says it flushes at; 2 is FULL.</summary>
    public long Synchronous { get; private set; }

    public int Changes => raw.sqlite3_changes(handle);

    public bool InTransaction => raw.sqlite3_get_autocommit(handle) == 0;

    /// <summary>Opens the file, and lays out its tables the first time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="schema">Statements that lay out version 1.</param>
    /// <param name="pageSize">Bytes of a page, when the file is laid out.</param>
    /// <param name="busyTimeout">How long to wait for another process.</param>
    /// <exception cref="InvalidDataException">The file is damaged, no database, or of a later version of this program.</exception>
    /// <exception cref="StorageUnavailableException">The file cannot be opened now.</exception>
    public static SqliteDatabase Open(string path, string schema, int pageSize, TimeSpan busyTimeout)
    {
        var database = new SqliteDatabase(path);
        try
        {
            database.Configure(schema, pageSize, busyTimeout);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    public SqliteStatement Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v3(handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out var prepared), "prepare");
        var statement = new SqliteStatement(this, prepared);
        statements.Add(statement);
        return statement;
    }

    public void Execute(string sql) => Check(raw.sqlite3_exec(handle, sql), sql);

    public void Check(int result, string doing)
    {
        if (result != raw.SQLITE_OK)
        {
            throw Fault(result, doing);
        }
    }

    public Exception Fault(int result, string doing) => Fault(result, doing, raw.sqlite3_errmsg(handle).utf8_to_string());

    public void Dispose()
    {
        foreach (var statement in statements)
        {
            statement.Dispose();
        }

        connection.Dispose();
    }

    private Exception Fault(int result, string doing, string message)
    {
        var text = $"{Path.GetFileName(path)}: {doing}: {message} ({result}).";
        return (result & 0xFF) switch
        {
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB =>
                new InvalidDataException($"{text} The database {path} is damaged or no database; restore it from a backup."),
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY
                or raw.SQLITE_NOMEM or raw.SQLITE_PROTOCOL or raw.SQLITE_PERM => new StorageUnavailableException(text),
            _ => new InvalidOperationException(text),
        };
    }

    private void Configure(string schema, int pageSize, TimeSpan busyTimeout)
    {
        raw.sqlite3_busy_timeout(handle, (int)busyTimeout.TotalMilliseconds);
        Execute(FormattableString.Invariant($"PRAGMA page_size={pageSize}"));
        EnterWal(busyTimeout);
        Execute("PRAGMA synchronous=FULL");

        // Zeroes what is deleted: a deleted data key is to be gone, not free space.
        Execute("PRAGMA secure_delete=ON");
        Execute("PRAGMA temp_store=MEMORY");
        // Rows of many patients lie all over the file: few checkpoints, and a cache that holds what lies between two.
        Execute("PRAGMA cache_size=-65536");
        Execute(FormattableString.Invariant($"PRAGMA wal_autocheckpoint={CheckpointBytes / pageSize}"));
        Execute(FormattableString.Invariant($"PRAGMA journal_size_limit={CheckpointBytes}"));
        JournalMode = ReadPragma("journal_mode");
        Synchronous = long.Parse(ReadPragma("synchronous"), CultureInfo.InvariantCulture);
        if (JournalMode != "wal" || Synchronous != 2)
        {
            throw new InvalidDataException(
                $"{path} would not be durable: journal_mode is {JournalMode}, not wal, or synchronous is {Synchronous}, not 2. Is the folder on a local disk?");
        }

        if (SchemaVersion() == 0)
        {
            Execute("BEGIN IMMEDIATE");
            if (SchemaVersion() == 0)
            {
                Execute(schema);
                Execute("PRAGMA user_version=1");
            }

            Execute("COMMIT");
        }

        if (SchemaVersion() != 1)
        {
            throw new InvalidDataException($"{path} is of version {SchemaVersion()}, laid out by a later version of this program.");
        }
    }

    // Two processes that create the file at once can be told "busy" without the wait that the time-out gives elsewhere.
    private void EnterWal(TimeSpan busyTimeout)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                Execute("PRAGMA journal_mode=WAL");
                return;
            }
            catch (StorageUnavailableException) when (TimeProvider.System.GetElapsedTime(started) < busyTimeout)
            {
                Thread.Sleep(TimeSpan.FromMilliseconds(5));
            }
        }
    }

    private long SchemaVersion() => long.Parse(ReadPragma("user_version"), CultureInfo.InvariantCulture);

    private string ReadPragma(string name)
    {
        Check(raw.sqlite3_prepare_v2(handle, $"PRAGMA {name}", out var statement), name);
        using (statement)
        {
            var result = raw.sqlite3_step(statement);
            return result == raw.SQLITE_ROW ? raw.sqlite3_column_text(statement, 0).utf8_to_string() : throw Fault(result, name);
        }
    }
}
