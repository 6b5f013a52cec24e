using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Retention;

/// <summary>What an export holds, as the file beside it says.</summary>
/// <param name="Controller">Organisation number.</param>
/// <param name="From">When it was begun, UTC: what came later may be missing.</param>
/// <param name="To">When it was done.</param>
/// <param name="Reason">Why.</param>
/// <param name="File">Name of the file with a FHIR R4 or R5 Observation a line, as it was sent, with id and meta of here.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its SHA-256 in hexadecimal.</param>
/// <param name="Patients">Of how many patients' keys.</param>
/// <param name="Observations">How many Observations.</param>
/// <param name="Versions">How many lines: each Observation's current version, and where asked for its superseded ones after it.</param>
public sealed record ExportManifest(
    [property: JsonPropertyName("controller")] string Controller,
    [property: JsonPropertyName("from")] DateTime From,
    [property: JsonPropertyName("to")] DateTime To,
    [property: JsonPropertyName("reason")] string Reason,
    [property: JsonPropertyName("file")] string File,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("sha256")] string Sha256,
    [property: JsonPropertyName("patients")] int Patients,
    [property: JsonPropertyName("observations")] long Observations,
    [property: JsonPropertyName("versions")] long Versions)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The text of it.</summary>
    public string Format() => JsonSerializer.Serialize(this, Indented) + "\n";
}

/// <summary>Writes all Observations of a Controller as NDJSON, a patient at a time and a page at a time. Each patient's is logged before it is written.</summary>
/// <param name="partitions">Rows.</param>
/// <param name="ring">The keys.</param>
/// <param name="journal">The access log.</param>
/// <param name="time">The clock.</param>
public sealed class ControllerExport(IPartitions partitions, KeyRing ring, Journal journal, TimeProvider time)
{
    // Patients are logged, and written, so many at a time: one append for them all.
    private const int AtOnce = 100;

    private static readonly RowKey CurrentFrom = new("l.");
    private static readonly RowKey CurrentTo = new("o~");

    private readonly PatientDirectory directory = new(partitions, ring);

    /// <summary>Writes.</summary>
    /// <param name="controller">Whose.</param>
    /// <param name="withHistory">Whether superseded versions too.</param>
    /// <param name="reason">Why: it stands in the log.</param>
    /// <param name="file">Name of the file, for the manifest.</param>
    /// <param name="output">Where to.</param>
    /// <param name="progress">Told of each 1/256 done.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<ExportManifest> RunAsync(
        OrganisationNumber controller, bool withHistory, string reason, string file, Stream output, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        var from = time.GetUtcNow().UtcDateTime;
        var digits = Encoding.ASCII.GetBytes(controller.Digits);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await journal.AppendAsync(OperatorEvent.Of(time, null, OperatorEvent.Export, reason, 0, controller.Digits), cancellationToken);
        var (patients, observations, versions, bytes) = (0, 0L, 0L, 0L);
        var waiting = new List<(PatientKey Key, int Count)>(AtOnce);
        await foreach (var key in directory.ListAsync(0, progress, cancellationToken))
        {
            // Counted first: what is logged is what is about to be given.
            if (await CountAsync(key, digits, cancellationToken) is > 0 and var count)
            {
                waiting.Add((key, count));
            }

            if (waiting.Count == AtOnce)
            {
                await WriteWaitingAsync();
            }
        }

        await WriteWaitingAsync();
        await output.FlushAsync(cancellationToken);
        return new(controller.Digits, from, time.GetUtcNow().UtcDateTime, reason, file, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()), patients, observations, versions);

        async Task WriteWaitingAsync()
        {
            if (waiting.Count == 0)
            {
                return;
            }

            await journal.AppendAsync([.. waiting.Select(w => OperatorEvent.Of(time, w.Key, OperatorEvent.Export, reason, w.Count, controller.Digits))], cancellationToken);
            foreach (var (key, _) in waiting)
            {
                await WriteAsync(key);
            }

            patients += waiting.Count;
            waiting.Clear();
        }

        async Task WriteAsync(PatientKey key)
        {
            if (await PatientHead.ReadAsync(partitions, ring, key, cancellationToken) is not { } head)
            {
                return;
            }

            using var seal = head.Person.OpenSeal();
            var lines = new ArrayBufferWriter<byte>();
            await foreach (var row in PagesAsync(key, CurrentFrom, CurrentTo, cancellationToken))
            {
                if (!IsOf(row, digits))
                {
                    continue;
                }

                var identity = WriteLine(lines, row, key, seal);
                observations++;
                if (withHistory)
                {
                    await foreach (var version in PagesAsync(key, ObservationKeys.History(identity, 0), ObservationKeys.History(identity, int.MaxValue), cancellationToken))
                    {
                        WriteLine(lines, version, key, seal);
                    }
                }

                if (lines.WrittenCount > 1 << 16)
                {
                    await GiveAsync(lines);
                }
            }

            await GiveAsync(lines);
        }

        ObservationIdentity WriteLine(ArrayBufferWriter<byte> lines, Row row, PatientKey key, Seal seal)
        {
            var observation = new ObservationRow(row.Value.Span);
            var whole = new ArrayBufferWriter<byte>(row.Value.Length * 2);
            observation.WriteAnswer(whole, seal, ObservationId.Format(key, observation.Identity, ring.Current.Id), withR5: true);

            // Ends of lines stand between tokens alone (RFC 8259 section 7): without them it is the same Observation on one line.
            foreach (var part in whole.WrittenSpan.SplitAny("\r\n"u8))
            {
                lines.Write(whole.WrittenSpan[part]);
            }

            lines.Write("\n"u8);
            versions++;
            return observation.Identity;
        }

        async Task GiveAsync(ArrayBufferWriter<byte> lines)
        {
            bytes += lines.WrittenCount;
            hash.AppendData(lines.WrittenSpan);
            await output.WriteAsync(lines.WrittenMemory, cancellationToken);
            lines.ResetWrittenCount();
        }
    }

    private async Task<int> CountAsync(PatientKey key, byte[] digits, CancellationToken cancellationToken)
    {
        var count = 0;
        await foreach (var row in PagesAsync(key, CurrentFrom, CurrentTo, cancellationToken))
        {
            count += IsOf(row, digits) ? 1 : 0;
        }

        return count;
    }

    private static bool IsOf(Row row, byte[] digits) => new ObservationRow(row.Value.Span).Controller.SequenceEqual(digits);

    private async IAsyncEnumerable<Row> PagesAsync(
        PatientKey key, RowKey from, RowKey to, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? continuation = null;
        do
        {
            var page = await partitions.ReadRangeAsync(key.Partition, from, to, StorageLimits.MaxPageRows, continuation, cancellationToken);
            foreach (var row in page.Rows)
            {
                yield return row;
            }

            continuation = page.Continuation;
        }
        while (continuation is not null);
    }
}
