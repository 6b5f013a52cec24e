using System.Globalization;
using Azure;
using Azure.Data.Tables;

namespace PasientensMaledata.Storage.Azure;

/// <summary>
/// Rows as entities of one table, the value split over binary properties <c>d0</c>, <c>d1</c> and so on. Points are read by GetEntity, which is
/// a look-up where a query may be a scan. A continuation is the service's own token.
/// </summary>
internal sealed class AzurePartitions(TableClient table) : IPartitions
{
    private const string TableNotFound = "TableNotFound";
    private const int NotFound = 404;
    private const int Conflict = 409;
    private const int PreconditionFailed = 412;

    private static readonly string[] PropertyNames =
        [.. Enumerable.Range(0, (StorageLimits.MaxRowBytes / StorageLimits.MaxPropertyBytes) + 1).Select(i => "d" + i.ToString(CultureInfo.InvariantCulture))];

    public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) =>
        AzureCall.DoAsync(
            "Read a row",
            async () =>
            {
                try
                {
                    var answer = await table.GetEntityIfExistsAsync<TableEntity>(partition.ToString(), key.ToString(), null, cancellationToken);
                    return answer.HasValue ? ToRow(answer.Value!) : (Row?)null;
                }
                catch (RequestFailedException e) when (e.ErrorCode == TableNotFound)
                {
                    return null;
                }
            },
            cancellationToken);

    public ValueTask<RowPage> ReadRangeAsync(
        PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken)
    {
        StorageLimits.CheckPage(maxRows);

        // Keys have no quote, by their own check.
        var filter = $"PartitionKey eq '{partition}' and RowKey ge '{from}' and RowKey lt '{to}'";
        return AzureCall.DoAsync(
            "Read rows",
            async () =>
            {
                try
                {
                    var pages = table.QueryAsync<TableEntity>(filter, maxRows, null, cancellationToken).AsPages(continuation, maxRows);
                    await foreach (var page in pages)
                    {
                        return new RowPage([.. page.Values.Select(ToRow)], string.IsNullOrEmpty(page.ContinuationToken) ? null : page.ContinuationToken);
                    }
                }
                catch (RequestFailedException e) when (e.ErrorCode == TableNotFound)
                {
                }

                return new RowPage([], null);
            },
            cancellationToken);
    }

    public async ValueTask<CommitResult> CommitAsync(
        PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
    {
        StorageLimits.CheckBatch(operations);
        var actions = operations.Select(o => ToAction(partition, o)).ToArray();
        var window = new CommitWindow(commitBy ?? DateTimeOffset.MaxValue);
        try
        {
            return await AzureCall.DoAsync("Commit rows", () => SubmitAsync(actions, window, cancellationToken), cancellationToken);
        }
        catch (CommitWindowPassedException) when (window.Attempts == 0)
        {
            return CommitResult.TooLate;
        }
        catch (CommitWindowPassedException e)
        {
            // An attempt was sent whose answer never came: it may have been done, so that "too late" would be more than we know.
            throw new StorageUnavailableException("Commit rows: storage did not answer before the time to commit by.", e);
        }
    }

    private async Task<CommitResult> SubmitAsync(TableTransactionAction[] actions, CommitWindow window, CancellationToken cancellationToken)
    {
        for (var isTableNew = false; ; isTableNew = true)
        {
            try
            {
                using (window.Open())
                {
                    await table.SubmitTransactionAsync(actions, cancellationToken);
                    return CommitResult.Committed;
                }
            }
            catch (RequestFailedException e) when (e.ErrorCode == TableNotFound && !isTableNew)
            {
                await table.CreateIfNotExistsAsync(cancellationToken);

                // Storage refused that attempt, so that nothing can have been done yet.
                window.Attempts = 0;
            }
            catch (RequestFailedException e) when (e.Status is NotFound or Conflict or PreconditionFailed && e.ErrorCode != TableNotFound)
            {
                var outcome = e.Status switch
                {
                    NotFound => CommitOutcome.Missing,
                    Conflict => CommitOutcome.Exists,
                    _ => CommitOutcome.Changed,
                };
                return new CommitResult(outcome, (e as TableTransactionFailedException)?.FailedTransactionActionIndex ?? 0);
            }
        }
    }

    private static TableTransactionAction ToAction(PartitionKey partition, RowOperation operation)
    {
        var entity = new TableEntity(partition.ToString(), operation.Key.ToString());
        if (operation.Action == RowAction.Delete)
        {
            return new TableTransactionAction(TableTransactionActionType.Delete, entity, new ETag(operation.Version.Tag));
        }

        var rest = operation.Value;
        for (var i = 0; rest.Length > 0; i++)
        {
            var length = Math.Min(rest.Length, StorageLimits.MaxPropertyBytes);
            entity[PropertyNames[i]] = rest[..length].ToArray();
            rest = rest[length..];
        }

        return operation.Action == RowAction.Insert
            ? new TableTransactionAction(TableTransactionActionType.Add, entity)
            : new TableTransactionAction(TableTransactionActionType.UpdateReplace, entity, new ETag(operation.Version.Tag));
    }

    private static Row ToRow(TableEntity entity)
    {
        var value = entity.GetBinary(PropertyNames[0]);
        for (var i = 1; i < PropertyNames.Length && entity.GetBinary(PropertyNames[i]) is { } part; i++)
        {
            value = [.. value!, .. part];
        }

        return new Row(new RowKey(entity.RowKey), new RowVersion(entity.ETag.ToString()), value);
    }
}
