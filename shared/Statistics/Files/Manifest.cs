using System.Text.Json;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Statistics;

/// <summary>Late events of a day, in files of their own.</summary>
/// <param name="Day">Of which day.</param>
/// <param name="Events">How many events.</param>
internal sealed record Correction(DateOnly Day, long Events)
{
    /// <summary>Why there is one.</summary>
    public const string Why = "These events of the day came into the log after the day was closed. Add them to the day's own files.";
}

/// <summary>
/// What an export holds: written last, so that where a manifest is, all that it names is there. Paths are relative to it. Where a day or month is
/// whole, it is a function of the log alone.
/// </summary>
internal sealed record Manifest
{
    /// <summary>Version of the files' form.</summary>
    public const int SchemaVersion = 1;

    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The day or month; empty for what is over all.</summary>
    public required string Period { get; init; }

    /// <summary>Number of events at the head of the log from which it was made.</summary>
    public required long TreeSize { get; init; }

    /// <summary>Whether the day or month was closed in that part of the log; if not, it stands as it was, and is made again later.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>The files.</summary>
    public required IReadOnlyList<ExportFile> Files { get; init; }

    /// <summary>Files among them that correct an earlier day.</summary>
    public IReadOnlyList<Correction> Corrections { get; init; } = [];

    /// <summary>Writes it into a blob.</summary>
    public Task WriteAsync(IBlobs blobs, BlobName name, CancellationToken cancellationToken) => ExportFile.PutAsync(blobs, name, Format(name), cancellationToken);

    /// <summary>Reads one; null where there is none, or one of another version.</summary>
    public static async Task<Manifest?> ReadAsync(IBlobs blobs, BlobName name, CancellationToken cancellationToken)
    {
        if (await ExportFile.ReadAsync(blobs, name, cancellationToken) is not { } content)
        {
            return null;
        }

        using var json = JsonDocument.Parse(content);
        var root = json.RootElement;
        return root.GetProperty("schemaVersion").GetInt32() != SchemaVersion
            ? null
            : new()
            {
                Period = root.GetProperty("period").GetString()!,
                TreeSize = root.GetProperty("treeSize").GetInt64(),
                IsComplete = root.GetProperty("complete").GetBoolean(),
                Files = [.. root.GetProperty("files").EnumerateArray().Select(f => new ExportFile(
                    Resolve(name, f.GetProperty("path").GetString()!), f.GetProperty("rows").GetInt64(), f.GetProperty("bytes").GetInt64(), f.GetProperty("sha256").GetString()!))],
                Corrections = [.. root.GetProperty("corrections").EnumerateArray().Select(c => new Correction(
                    DateOnly.ParseExact(c.GetProperty("date").GetString()!, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), c.GetProperty("events").GetInt64()))],
            };
    }

    private byte[] Format(BlobName name)
    {
        using var output = new MemoryStream();
        using (var json = new Utf8JsonWriter(output, Indented))
        {
            json.WriteStartObject();
            json.WriteNumber("schemaVersion", SchemaVersion);
            json.WriteString("period", Period);
            json.WriteBoolean("complete", IsComplete);
            json.WriteNumber("treeSize", TreeSize);
            json.WriteStartArray("files");
            foreach (var file in Files)
            {
                json.WriteStartObject();
                json.WriteString("path", Relative(name, file.Name));
                json.WriteNumber("rows", file.Rows);
                json.WriteNumber("bytes", file.Bytes);
                json.WriteString("sha256", file.Sha256);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("corrections");
            foreach (var correction in Corrections)
            {
                json.WriteStartObject();
                json.WriteString("date", correction.Day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
                json.WriteNumber("events", correction.Events);
                json.WriteString("why", Correction.Why);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
        return output.ToArray();
    }

    // Both lie in the same container: the first segment.
    private static string Relative(BlobName manifest, BlobName file)
    {
        var (from, to) = (manifest.ToString().Split('/'), file.ToString().Split('/'));
        var common = 0;
        while (common < from.Length - 1 && common < to.Length - 1 && from[common] == to[common])
        {
            common++;
        }

        return string.Concat(Enumerable.Repeat("../", from.Length - 1 - common)) + string.Join('/', to.Skip(common));
    }

    private static BlobName Resolve(BlobName manifest, string path)
    {
        var segments = manifest.ToString().Split('/')[..^1].ToList();
        foreach (var segment in path.Split('/'))
        {
            if (segment == "..")
            {
                segments.RemoveAt(segments.Count - 1);
            }
            else
            {
                segments.Add(segment);
            }
        }

        return new(string.Join('/', segments));
    }
}
