using PasientensMaledata.Telemetry;

namespace PasientensMaledata.Storage.Embedded;

/// <summary>What a group commit does with one kind of write. Called by its thread alone, in a transaction.</summary>
internal interface IGroupWrites<TWork, TResult>
{
    /// <summary>The answer to a write whose time had passed.</summary>
    TResult TooLate { get; }

    /// <summary>Does one write, inside a savepoint. May be called again for the same write after a roll-back.</summary>
    TResult Apply(TWork work, long version);

    /// <summary>Whether what was done is to be kept; else the savepoint is rolled back.</summary>
    bool IsKept(TResult result);
}

/// <summary>
/// The one writer of a database in this process: a thread that takes all that waits and commits it in one transaction, a savepoint each, so
/// that one flush to disk serves them all. Other processes are kept out by SQLite's own lock while a group is under way.
/// </summary>
internal sealed class GroupCommit<TWork, TResult> : IDisposable
{
    // Bounds how long the first of a group waits for the last: some 5 ms. Larger ones were no faster.
    private const int MaxGroup = 64;

    private readonly SqliteDatabase database;
    private readonly IGroupWrites<TWork, TResult> writes;
    private readonly TimeProvider time;
    private readonly VersionCounter versions;
    private readonly SqliteStatement begin;
    private readonly SqliteStatement commit;
    private readonly SqliteStatement rollback;
    private readonly SqliteStatement savepoint;
    private readonly SqliteStatement release;
    private readonly SqliteStatement undo;
    private readonly Queue<Pending> waiting = new();
    private readonly Thread thread;
    private bool closed;
    private long commits;

    public GroupCommit(string name, SqliteDatabase database, IGroupWrites<TWork, TResult> writes, TimeProvider time)
    {
        this.database = database;
        this.writes = writes;
        this.time = time;
        versions = new VersionCounter(database);
        begin = database.Prepare("BEGIN IMMEDIATE");
        commit = database.Prepare("COMMIT");
        rollback = database.Prepare("ROLLBACK");
        savepoint = database.Prepare("SAVEPOINT one");
        release = database.Prepare("RELEASE one");
        undo = database.Prepare("ROLLBACK TO one");
        thread = new Thread(Run) { IsBackground = true, Name = name };
        thread.Start();
    }

    /// <summary>Transactions committed.</summary>
    public long Commits => Interlocked.Read(ref commits);

    /// <summary>Has a write done with what else waits. Cancelling takes it back only while it waits: once begun it is answered, so that
    /// the caller's memory is not read after the call has ended.</summary>
    public async ValueTask<TResult> DoAsync(TWork work, DateTimeOffset? commitBy, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var pending = new Pending(work, commitBy);
        lock (waiting)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            waiting.Enqueue(pending);
            Monitor.Pulse(waiting);
        }

        using (cancellationToken.UnsafeRegister(static (p, token) => ((Pending)p!).Withdraw(token), pending))
        {
            return await pending.Task;
        }
    }

    /// <summary>Does what waits, then ends.</summary>
    public void Dispose()
    {
        lock (waiting)
        {
            closed = true;
            Monitor.Pulse(waiting);
        }

        thread.Join();
    }

    private void Run()
    {
        var group = new List<Pending>(MaxGroup);
        while (Take(group))
        {
            try
            {
                Commit(group);
            }
            catch (Exception e)
            {
                Abandon(group, e);
            }

            foreach (var pending in group)
            {
                pending.Answer();
            }

            group.Clear();
        }
    }

    private bool Take(List<Pending> group)
    {
        lock (waiting)
        {
            while (waiting.Count == 0)
            {
                if (closed)
                {
                    return false;
                }

                Monitor.Wait(waiting);
            }

            while (group.Count < MaxGroup && waiting.TryDequeue(out var pending))
            {
                if (pending.TryBegin())
                {
                    group.Add(pending);
                }
            }

            return true;
        }
    }

    private void Commit(List<Pending> group)
    {
        // Each turn but the last finds a write whose time has passed while the group was done, and goes on without it.
        for (var turn = 0; turn <= group.Count; turn++)
        {
            if (!ApplyAll(group))
            {
                return;
            }

            if (!RefuseLate(group))
            {
                commit.Run();
                Signals.StorageGroup.Record(group.Count);
                Interlocked.Increment(ref commits);
                return;
            }

            Undo();
        }
    }

    private bool ApplyAll(List<Pending> group)
    {
        RefuseLate(group);
        if (group.TrueForAll(p => p.IsFinal))
        {
            return false;
        }

        begin.Run();
        versions.Reserve(group.Count);
        var anyKept = false;
        foreach (var pending in group)
        {
            if (pending.IsFinal)
            {
                continue;
            }

            savepoint.Run();
            try
            {
                pending.Result = writes.Apply(pending.Work, versions.Next());
                pending.IsKept = writes.IsKept(pending.Result);
            }
            catch (Exception e)
            {
                // Some faults of the database end the transaction, and with it the whole group; else this write alone failed.
                if (!database.InTransaction)
                {
                    throw;
                }

                pending.Refuse(e);
            }

            if (!pending.IsKept)
            {
                undo.Run();
            }

            release.Run();
            anyKept |= pending.IsKept;
        }

        if (!anyKept)
        {
            Undo();
        }

        return anyKept;
    }

    // True when a write is refused now that was to be committed.
    private bool RefuseLate(List<Pending> group)
    {
        DateTimeOffset? now = null;
        var anyRefused = false;
        foreach (var pending in group)
        {
            if (!pending.IsFinal && pending.CommitBy is { } commitBy && (now ??= time.GetUtcNow()) > commitBy)
            {
                anyRefused |= pending.IsKept;
                pending.Refuse(writes.TooLate);
            }
        }

        return anyRefused;
    }

    private void Undo()
    {
        versions.Forget();
        if (database.InTransaction)
        {
            rollback.Run();
        }
    }

    private void Abandon(List<Pending> group, Exception fault)
    {
        foreach (var pending in group)
        {
            if (!pending.IsFinal)
            {
                // An exception of its own for each caller, so that their stacks are not mixed.
                pending.Refuse(fault is StorageUnavailableException ? new StorageUnavailableException(fault.Message, fault) : fault);
            }
        }

        try
        {
            Undo();
        }
        catch (Exception)
        {
            // Already told to the callers; the next group meets it again at its first statement.
        }
    }

    private sealed class Pending(TWork work, DateTimeOffset? commitBy)
        : TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        private int begun;
        private Exception? fault;

        public TWork Work => work;

        public DateTimeOffset? CommitBy => commitBy;

        public TResult? Result { get; set; }

        public bool IsKept { get; set; }

        public bool IsFinal { get; private set; }

        public bool TryBegin() => Interlocked.Exchange(ref begun, 1) == 0;

        public void Withdraw(CancellationToken cancellationToken)
        {
            if (TryBegin())
            {
                TrySetCanceled(cancellationToken);
            }
        }

        public void Refuse(TResult result) => (Result, IsKept, IsFinal) = (result, false, true);

        public void Refuse(Exception exception) => (fault, IsKept, IsFinal) = (exception, false, true);

        public void Answer()
        {
            if (fault is null)
            {
                SetResult(Result!);
            }
            else
            {
                SetException(fault);
            }
        }
    }
}
