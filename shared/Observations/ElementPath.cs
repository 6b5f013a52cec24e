using System.Globalization;
using System.Text;
using System.Text.Json;

namespace PasientensMaledata.Observations;

/// <summary>Expressions that name the element as it was sent, and never repeat a member name that could itself be personal data.</summary>
internal static class ElementPath
{
    private const int MaxNameLength = 40;
    private const int MaxDigits = 4;

    /// <summary>Whether a member name may stand in an expression: letters and an underscore in front, with few digits.</summary>
    public static bool IsPlain(ReadOnlySpan<char> name)
    {
        var digits = 0;
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsAsciiDigit(name[i]) && i > 0)
            {
                digits++;
            }
            else if (!char.IsAsciiLetter(name[i]) && !(name[i] == '_' && i == 0))
            {
                return false;
            }
        }

        return name.Length is > 0 and <= MaxNameLength && digits <= MaxDigits;
    }

    /// <summary>
    /// Turns the SDK's path into one of the JSON as sent: <c>value</c> becomes <c>valueQuantity</c>, an index past the list is dropped,
    /// and the path ends before a name that is not plain.
    /// </summary>
    /// <param name="root">The element that the path starts in.</param>
    /// <param name="rootExpression">Its expression.</param>
    /// <param name="path">The SDK's path, without its root.</param>
    /// <param name="found">The element at the end, where there is one.</param>
    public static string Resolve(JsonElement root, string rootExpression, ReadOnlySpan<char> path, out JsonElement found)
    {
        var expression = new StringBuilder(rootExpression);
        found = root;
        foreach (var range in path.Split('.'))
        {
            var segment = path[range];
            var bracket = segment.IndexOf('[');
            var name = bracket < 0 ? segment : segment[..bracket];
            if (name.IsEmpty)
            {
                continue;
            }

            var sent = Sent(found, name);
            if (!IsPlain(sent))
            {
                break;
            }

            expression.Append('.').Append(sent);
            found = found.ValueKind == JsonValueKind.Object && (found.TryGetProperty(sent, out var member) || found.TryGetProperty($"_{sent}", out member)) ? member : default;
            if (found.ValueKind == JsonValueKind.Array && bracket >= 0)
            {
                var digits = segment[(bracket + 1)..].TrimEnd(']');
                if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < found.GetArrayLength())
                {
                    expression.Append('[').Append(index).Append(']');
                    found = found[index];
                }
            }
        }

        return expression.ToString();
    }

    // A choice element is called by its stem in the SDK, and by stem and type in the JSON.
    private static ReadOnlySpan<char> Sent(JsonElement parent, ReadOnlySpan<char> name)
    {
        if (parent.ValueKind != JsonValueKind.Object || parent.TryGetProperty(name, out _))
        {
            return name;
        }

        foreach (var member in parent.EnumerateObject())
        {
            var sent = member.Name.AsSpan().TrimStart('_');
            if (sent.Length > name.Length && sent.StartsWith(name, StringComparison.Ordinal) && char.IsAsciiLetterUpper(sent[name.Length]))
            {
                return sent;
            }
        }

        return name;
    }
}
