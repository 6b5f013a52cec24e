namespace PasientensMaledata.Storage.Embedded;

/// <summary>
/// Numbers that are never given twice from one database, whichever process asks. They are taken from it a block at a time, so that most
/// commits need not touch the counter's page; what a process does not use of its block is lost.
/// </summary>
internal sealed class VersionCounter(SqliteDatabase database)
{
    public const string Schema = "CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER NOT NULL); INSERT INTO counter VALUES (1, 0);";

    private const int BlockSize = 1024;

    private readonly SqliteStatement reserve = database.Prepare($"UPDATE counter SET value = value + {BlockSize} WHERE id = 1 RETURNING value");
    private long next;
    private long end;

    /// <summary>Makes sure that so many numbers are at hand. Called in a transaction, before any savepoint; undone by <see cref="Forget"/>.</summary>
    public void Reserve(int count)
    {
        if (end - next >= count)
        {
            return;
        }

        reserve.Step();
        end = reserve.Number(0);
        next = end - BlockSize;
        reserve.Step();
        reserve.Reset();
    }

    public long Next() => next < end ? ++next : throw new InvalidOperationException("No version was reserved.");

    /// <summary>The transaction that may have reserved the numbers was not committed.</summary>
    public void Forget() => next = end;
}
