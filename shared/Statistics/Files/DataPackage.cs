using System.Text.Json;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Statistics;

/// <summary>Writes <c>datapackage.json</c> (Frictionless Data Package): every column of every kind of file, in English and Norwegian, with its codes.</summary>
internal sealed class DataPackage : IDisposable
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly MemoryStream output = new();
    private readonly Utf8JsonWriter json;

    /// <param name="name">Name of the package.</param>
    /// <param name="english">What it is.</param>
    /// <param name="norwegian">The same in Norwegian.</param>
    public DataPackage(string name, string english, string norwegian)
    {
        json = new(output, Indented);
        json.WriteStartObject();
        json.WriteString("$schema", "https://datapackage.org/profiles/2.0/datapackage.json");
        json.WriteString("name", name);
        json.WriteString("title", norwegian);
        Describe(english, norwegian);
        json.WriteString("version", $"{Manifest.SchemaVersion}.0.0");
        json.WriteStartArray("resources");
    }

    /// <summary>Adds a kind of file.</summary>
    /// <param name="shape">Its columns.</param>
    /// <param name="name">Its name, where there are several of the shape.</param>
    /// <param name="path">Where its files lie; <c>*</c> stands for days or months.</param>
    /// <param name="format"><c>csv</c> or <c>parquet</c>.</param>
    public void Add<TRow>(TableShape<TRow> shape, string name, string path, string format)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("type", "table");
        json.WriteString("path", path);
        json.WriteString("format", format);
        json.WriteString("mediatype", format == "csv" ? "text/csv" : "application/vnd.apache.parquet");
        json.WriteString("encoding", "utf-8");
        Describe(shape.English, shape.Norwegian);
        json.WriteStartObject("schema");
        json.WriteStartArray("fields");
        foreach (var column in shape.Columns)
        {
            WriteField(column);
        }

        json.WriteEndArray();
        json.WriteStartArray("missingValues");
        json.WriteStringValue("");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Ends it and writes it.</summary>
    public async Task WriteAsync(IBlobs blobs, BlobName name, CancellationToken cancellationToken)
    {
        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
        output.WriteByte((byte)'\n');
        await ExportFile.PutAsync(blobs, name, output.ToArray(), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        json.Dispose();
        output.Dispose();
    }

    private void Describe(string english, string norwegian)
    {
        json.WriteString("description", english);
        json.WriteString("description_no", norwegian);
    }

    private void WriteField<TRow>(Column<TRow> column)
    {
        json.WriteStartObject();
        json.WriteString("name", column.Name);
        json.WriteString("type", column.Type);
        Describe(column.English, column.Norwegian);
        if (column.Codes.Count > 0)
        {
            json.WriteStartArray("categories");
            foreach (var code in column.Codes.Append(TextColumn<TRow>.Other))
            {
                json.WriteStartObject();
                json.WriteString("value", code.Value);
                json.WriteString("label", code.English);
                json.WriteString("label_no", code.Norwegian);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
