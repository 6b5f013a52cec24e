using System.Collections.Concurrent;

namespace PasientensMaledata.Storage.Embedded;

/// <summary>Read connections kept open. A reader is used by one thread at a time and waits for no writer.</summary>
internal sealed class ReaderPool<TReader>(Func<TReader> open) : IDisposable
    where TReader : class, IDisposable
{
    // Reads are synchronous, so more are in use at once only where there are more threads than cores to run them.
    private const int MaxIdle = 16;

    private readonly ConcurrentStack<TReader> idle = new();
    private int idleCount;
    private volatile bool closed;

    public TReader Take()
    {
        ObjectDisposedException.ThrowIf(closed, this);
        if (!idle.TryPop(out var reader))
        {
            return open();
        }

        Interlocked.Decrement(ref idleCount);
        return reader;
    }

    public void Return(TReader reader)
    {
        if (Interlocked.Increment(ref idleCount) > MaxIdle)
        {
            Interlocked.Decrement(ref idleCount);
            reader.Dispose();
            return;
        }

        idle.Push(reader);
        if (closed)
        {
            Drain();
        }
    }

    public void Dispose()
    {
        closed = true;
        Drain();
    }

    private void Drain()
    {
        while (idle.TryPop(out var reader))
        {
            reader.Dispose();
        }
    }
}
