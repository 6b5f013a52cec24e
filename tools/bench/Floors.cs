using System.Diagnostics;
using System.Text.Json;
using Hl7.Fhir.Serialization;
using Hl7.Fhir.Validation;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;

namespace PasientensMaledata.Bench;

/// <summary>The parse that everything is held against: Firely's, set up as the service sets it up.</summary>
internal static class FirelyParse
{
    private static readonly FhirJsonDeserializer Deserializer =
        new(new DeserializerSettings().UsingMode(DeserializationMode.Strict, NarrativeValidationKind.None));

    public static void Parse(ReadOnlySpan<byte> observation)
    {
        var reader = new Utf8JsonReader(observation, new JsonReaderOptions { MaxDepth = 64, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        if (!Deserializer.TryDeserializeResource(ref reader, out _, out _))
        {
            throw new WrongAnswerException("Firely refused an Observation of the load.");
        }
    }

    /// <summary>The Observations of a message, each as its own bytes.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Split(ReadOnlyMemory<byte> message)
    {
        using var json = JsonDocument.Parse(message);
        return [.. json.RootElement.GetProperty("entry").EnumerateArray().Select(e => (ReadOnlyMemory<byte>)System.Text.Encoding.UTF8.GetBytes(e.GetProperty("resource").GetRawText()))];
    }
}

/// <summary>One message of the floor: what is parsed, and the rows that the service writes of it.</summary>
/// <param name="Observations">Each Observation's bytes.</param>
/// <param name="Rows">Partition, key and value of each row.</param>
internal sealed record FloorMessage(IReadOnlyList<ReadOnlyMemory<byte>> Observations, IReadOnlyList<(string Partition, string Key, ReadOnlyMemory<byte> Value)> Rows);

/// <summary>
/// The floor of storing: parse each Observation, and write the same rows to the same kind of file in one prepared transaction for each message. As many
/// workers parse as clients send; one transaction at a time is written.
/// </summary>
internal static class IngestFloor
{
    /// <summary>What the service writes of a message, as recorded.</summary>
    public static IEnumerable<(string Partition, string Key, ReadOnlyMemory<byte> Value)> RowsOf(IEnumerable<(PartitionKey Partition, IReadOnlyList<RowOperation> Operations)> written) =>
        written.SelectMany(w => w.Operations.Where(o => o.Action != RowAction.Delete).Select(o => (w.Partition.ToString(), o.Key.ToString(), o.Value)));

    /// <summary>Observations per second.</summary>
    public static double Run(string folder, IReadOnlyList<FloorMessage> messages, int workers)
    {
        Directory.CreateDirectory(folder);
        using var database = SqliteDatabase.Open(Path.Combine(folder, $"floor-{Guid.NewGuid():N}.db"), EmbeddedPartitions.Schema, EmbeddedPartitions.PageSize, TimeSpan.FromSeconds(5));
        var begin = database.Prepare("BEGIN IMMEDIATE");
        var insert = database.Prepare("INSERT OR REPLACE INTO row (partition, key, version, value) VALUES (?1, ?2, ?3, ?4)");
        var commit = database.Prepare("COMMIT");
        var gate = new Lock();
        var next = -1;
        var began = Stopwatch.GetTimestamp();
        var threads = Enumerable.Range(0, workers).Select(_ => Task.Factory.StartNew(
            () =>
            {
                while (Interlocked.Increment(ref next) is var i && i < messages.Count)
                {
                    foreach (var observation in messages[i].Observations)
                    {
                        FirelyParse.Parse(observation.Span);
                    }

                    lock (gate)
                    {
                        begin.Run();
                        foreach (var (partition, key, value) in messages[i].Rows)
                        {
                            insert.Bind(1, partition);
                            insert.Bind(2, key);
                            insert.Bind(3, i);
                            insert.Bind(4, value.Span);
                            insert.Run();
                        }

                        commit.Run();
                    }
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToArray();
        Task.WaitAll(threads);
        return messages.Sum(m => m.Observations.Count) / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
