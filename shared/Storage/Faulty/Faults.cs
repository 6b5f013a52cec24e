namespace PasientensMaledata.Storage.Faulty;

/// <summary>Draws the faults of a plan. The same seed and the same order of calls give the same faults.</summary>
internal sealed class Faults(FaultPlan plan, Random random, TimeProvider time)
{
    private readonly Lock drawing = new();
    private long drawn;

    /// <summary>Faults so far.</summary>
    public long Drawn => Interlocked.Read(ref drawn);

    public bool Draw(double share)
    {
        lock (drawing)
        {
            if (share <= 0 || random.NextDouble() >= share)
            {
                return false;
            }
        }

        Interlocked.Increment(ref drawn);
        return true;
    }

    /// <summary>A number from 1 to <paramref name="most"/>.</summary>
    public int Number(int most)
    {
        lock (drawing)
        {
            return random.Next(1, most + 1);
        }
    }

    /// <summary>Does a read.</summary>
    public async ValueTask<T> ReadAsync<T>(Func<ValueTask<T>> read, CancellationToken cancellationToken)
    {
        var delay = Delay();
        await WaitAsync(delay / 2, cancellationToken);
        Refuse();
        var answer = await read();
        await WaitAsync(delay / 2, cancellationToken);
        return answer;
    }

    /// <summary>Does a write, perhaps twice, and perhaps loses the answer.</summary>
    public async ValueTask<T> WriteAsync<T>(Func<ValueTask<T>> write, CancellationToken cancellationToken)
    {
        var delay = Delay();
        await WaitAsync(delay / 2, cancellationToken);
        Refuse();
        var answer = await write();
        if (Draw(plan.Retried))
        {
            answer = await write();
        }

        await WaitAsync(delay / 2, cancellationToken);
        return Draw(plan.LostAnswer) ? throw new StorageUnavailableException("Injected: the answer was lost.") : answer;
    }

    private void Refuse()
    {
        if (Draw(plan.Unavailable))
        {
            throw new StorageUnavailableException("Injected: refused (503).");
        }
    }

    private TimeSpan Delay() => Draw(plan.Delayed) ? plan.MaxDelay * Number(1_000) / 1_000 : TimeSpan.Zero;

    private async ValueTask WaitAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, time, cancellationToken);
        }
    }
}
