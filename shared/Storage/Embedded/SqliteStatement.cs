using System.Text;
using SQLitePCL;

namespace PasientensMaledata.Storage.Embedded;

/// <summary>A prepared statement, bound and stepped without boxing: the hot paths bind and read spans. Used by one thread at a time.</summary>
internal sealed class SqliteStatement(SqliteDatabase database, sqlite3_stmt statement) : IDisposable
{
    public void Bind(int parameter, string text)
    {
        // Keys and names have at most 256 ASCII characters by their own checks, and a path few more than its blob's name.
        Span<byte> utf8 = stackalloc byte[512];
        if (!Encoding.UTF8.TryGetBytes(text, utf8, out var length))
        {
            throw new ArgumentException("Text is too long to bind.", nameof(text));
        }

        database.Check(raw.sqlite3_bind_text(statement, parameter, utf8[..length]), "bind");
    }

    public void Bind(int parameter, long number) => database.Check(raw.sqlite3_bind_int64(statement, parameter, number), "bind");

    public void Bind(int parameter, ReadOnlySpan<byte> bytes) =>
        database.Check(
            bytes.IsEmpty ? raw.sqlite3_bind_zeroblob(statement, parameter, 0) : raw.sqlite3_bind_blob(statement, parameter, bytes),
            "bind");

    /// <summary>Steps to the next row; false at the end. A fault resets the statement.</summary>
    public bool Step()
    {
        var result = raw.sqlite3_step(statement);
        if (result is raw.SQLITE_ROW or raw.SQLITE_DONE)
        {
            return result == raw.SQLITE_ROW;
        }

        var fault = database.Fault(result, "step");
        Reset();
        throw fault;
    }

    /// <summary>Runs a statement that gives no rows, and makes it ready for the next run.</summary>
    /// <returns>Rows changed.</returns>
    public int Run()
    {
        Step();
        var changes = database.Changes;
        Reset();
        return changes;
    }

    // The result repeats what Step said, and was thrown there.
    public void Reset() => raw.sqlite3_reset(statement);

    public long Number(int column) => raw.sqlite3_column_int64(statement, column);

    public string Text(int column) => Encoding.UTF8.GetString(Bytes(column));

    /// <summary>Bytes that are gone at the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(statement, column);

    public void Dispose() => statement.Dispose();
}
