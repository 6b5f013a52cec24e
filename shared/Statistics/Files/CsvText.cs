using System.Globalization;
using System.Text;

namespace PasientensMaledata.Statistics;

/// <summary>Lines of CSV (RFC 4180), UTF-8, ended by a line feed, without regard to culture.</summary>
internal static class CsvText
{
    private static readonly System.Buffers.SearchValues<char> Special = System.Buffers.SearchValues.Create(",\"\r\n");

    /// <summary>The head line.</summary>
    public static string Head<TRow>(TableShape<TRow> shape) => string.Join(',', shape.Columns.Select(c => c.Name)) + "\n";

    /// <summary>Adds a row's line.</summary>
    public static void AppendLine<TRow>(StringBuilder line, TableShape<TRow> shape, TRow row)
    {
        for (var i = 0; i < shape.Columns.Count; i++)
        {
            if (i > 0)
            {
                line.Append(',');
            }

            switch (shape.Columns[i])
            {
                case TextColumn<TRow> text:
                    AppendText(line, text.In(row));
                    break;
                case NumberColumn<TRow> number when number.Of(row) is { } value:
                    line.Append(CultureInfo.InvariantCulture, $"{value}");
                    break;
                case DateColumn<TRow> date:
                    line.Append(CultureInfo.InvariantCulture, $"{date.Of(row):yyyy-MM-dd}");
                    break;
                default:
                    break;
            }
        }

        line.Append('\n');
    }

    private static void AppendText(StringBuilder line, string text)
    {
        if (text.AsSpan().ContainsAny(Special))
        {
            line.Append('"').Append(text.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
        }
        else
        {
            line.Append(text);
        }
    }
}
