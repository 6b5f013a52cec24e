using System.IO.Compression;
using System.Text;
using Parquet;
using Parquet.Schema;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Statistics;

/// <summary>
/// Writes rows to a Parquet file and to a gzipped CSV file with the same content. The same rows give the same bytes: no time stands in either (gzip's
/// mtime is 0), and nothing goes by culture. Holds a group of rows, and the compressed files, in memory; past <see cref="MaxRows"/> rows it begins a
/// next part.
/// </summary>
internal sealed class RowFiles<TRow>(TableShape<TRow> shape, IBlobs blobs, string folder, string name) : IAsyncDisposable
{
    /// <summary>Rows of one part: both files stay well below what a blob written whole may hold.</summary>
    public const int MaxRows = 500_000;

    private const int GroupRows = 50_000;

    private static readonly ParquetOptions Options = new() { CompressionMethod = CompressionMethod.Zstd, CompressionLevel = CompressionLevel.Fastest };

    private readonly List<TRow> group = [];
    private readonly List<ExportFile> files = [];
    private readonly StringBuilder lines = new();
    private Part? part;
    private int parts;
    private int rowsOfPart;

    /// <summary>Adds a row.</summary>
    public async ValueTask AddAsync(TRow row, CancellationToken cancellationToken)
    {
        group.Add(row);
        if (group.Count == GroupRows)
        {
            await FlushAsync(cancellationToken);
            if (rowsOfPart >= MaxRows)
            {
                await EndPartAsync(cancellationToken);
            }
        }
    }

    /// <summary>Ends the last part and tells of all; where no row was added, of one part without rows.</summary>
    public async Task<IReadOnlyList<ExportFile>> EndAsync(CancellationToken cancellationToken)
    {
        if (group.Count > 0 || parts == 0)
        {
            await FlushAsync(cancellationToken);
        }

        if (part is not null)
        {
            await EndPartAsync(cancellationToken);
        }

        return files;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (part is not null)
        {
            await part.Parquet.DisposeAsync();
            await part.Csv.DisposeAsync();
            part = null;
        }
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        part ??= await Part.BeginAsync(shape, Options, cancellationToken);
        if (group.Count > 0)
        {
            using (var rows = part.Parquet.CreateRowGroup())
            {
                for (var i = 0; i < shape.Columns.Count; i++)
                {
                    await WriteAsync(rows, part.Fields[i], shape.Columns[i]);
                }
            }

            foreach (var row in group)
            {
                CsvText.AppendLine(lines, shape, row);
                if (lines.Length > 60_000)
                {
                    WriteLines(part.Csv);
                }
            }

            WriteLines(part.Csv);
        }

        rowsOfPart += group.Count;
        group.Clear();
    }

    private async Task EndPartAsync(CancellationToken cancellationToken)
    {
        await part!.Parquet.DisposeAsync();
        await part.Csv.DisposeAsync();
        var (parquet, csv) = (part.ParquetBytes.ToArray(), part.CsvBytes.ToArray());
        part = null;
        files.Add(await ExportFile.WriteAsync(blobs, new($"{folder}/{name}-{parts}.parquet"), parquet, rowsOfPart, cancellationToken));
        files.Add(await ExportFile.WriteAsync(blobs, new($"{folder}/{name}-{parts}.csv.gz"), csv, rowsOfPart, cancellationToken));
        parts++;
        rowsOfPart = 0;
    }

    private void WriteLines(Stream csv)
    {
        csv.Write(Encoding.UTF8.GetBytes(lines.ToString()));
        lines.Clear();
    }

    private Task WriteAsync(ParquetRowGroupWriter rows, DataField field, Column<TRow> column)
    {
        switch (column)
        {
            case TextColumn<TRow> text:
                // What is empty in CSV is null here.
                return rows.WriteAsync(field, group.ConvertAll(r => text.In(r) is { Length: > 0 } value ? value : null!));
            case NumberColumn<TRow> { IsOptional: true } number:
                return rows.WriteAsync<int>(field, group.ConvertAll(r => number.Of(r)).ToArray());
            case NumberColumn<TRow> number:
                return rows.WriteAsync<int>(field, group.ConvertAll(r => number.Of(r) ?? 0).ToArray());
            case DateColumn<TRow> date:
                return rows.WriteAsync<DateTime>(field, group.ConvertAll(r => date.Of(r).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc)).ToArray());
            default:
                throw new InvalidOperationException($"Nothing writes the column {column.Name}.");
        }
    }

    private sealed record Part(ParquetWriter Parquet, Stream Csv, MemoryStream ParquetBytes, MemoryStream CsvBytes, DataField[] Fields)
    {
        public static async Task<Part> BeginAsync(TableShape<TRow> shape, ParquetOptions options, CancellationToken cancellationToken)
        {
            DataField[] fields = [.. shape.Columns.Select(Field)];
            var (parquet, csv) = (new MemoryStream(), new MemoryStream());
            var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), parquet, options, cancellationToken: cancellationToken);
            var gzip = new GZipStream(csv, CompressionLevel.Fastest);
            gzip.Write(Encoding.UTF8.GetBytes(CsvText.Head(shape)));
            return new(writer, gzip, parquet, csv, fields);
        }

        private static DataField Field(Column<TRow> column) => column switch
        {
            TextColumn<TRow> => new DataField<string>(column.Name),
            NumberColumn<TRow> { IsOptional: true } => new DataField<int?>(column.Name),
            DateColumn<TRow> => new DateTimeDataField(column.Name, DateTimeFormat.Date, isNullable: false),
            _ => new DataField<int>(column.Name),
        };
    }
}
