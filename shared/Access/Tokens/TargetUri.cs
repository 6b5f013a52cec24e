using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace PasientensMaledata.Access.Tokens;

/// <summary>
/// The address a proof is for, without query and fragment, normalised so that two ways of writing one address are equal. RFC 9449 4.3: "To reduce the
/// likelihood of false negatives, servers SHOULD employ syntax-based normalization (Section 6.2.2 of [RFC3986]) and scheme-based normalization
/// (Section 6.2.3 of [RFC3986])". Beyond that, a percent-encoded character that may stand literally in a path segment is decoded (<c>%24lastn</c> is
/// <c>$lastn</c>), since routing takes the two for the same. The default value is no address.
/// </summary>
internal readonly record struct TargetUri
{
    // RFC 3986: pchar without percent-encoding = unreserved / sub-delims / ":" / "@".
    private const string PathLiterals = "-._~!$&'()*+,;=:@";

    private readonly string? value;

    private TargetUri(string value) => this.value = value;

    /// <summary>Normalises an absolute http or https address; refuses any other, user information, and what no URI may hold.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TargetUri target)
    {
        target = default;
        if (text is null || Scheme(text) is not { } scheme)
        {
            return false;
        }

        var rest = text.AsSpan(scheme.Length + 3);
        var end = rest.IndexOfAny('/', '?', '#');
        // Stryker disable once Equality : without a host it is refused either way
        var authority = end < 0 ? rest : rest[..end];
        // Stryker disable once Equality : as above
        var path = end < 0 ? "" : rest[end..];
        var query = path.IndexOfAny('?', '#');
        if (query >= 0)
        {
            // RFC 9449 4.2: htu is "without query and fragment parts"; 4.3: "ignoring any query and fragment parts".
            path = path[..query];
        }

        if (Authority(authority, scheme) is not { } host || PathOf(path) is not { } segments)
        {
            return false;
        }

        target = new($"{scheme}://{host}{segments}");
        return true;
    }

    /// <summary>The normalised address.</summary>
    public override string ToString() => value ?? "";

    private static string? Scheme(string text) =>
        text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? "https" : text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? "http" : null;

    // Host in lower case, and a port only where it is not the scheme's own (RFC 3986 6.2.2.1 and 6.2.3).
    private static string? Authority(ReadOnlySpan<char> authority, string scheme)
    {
        var colon = authority.LastIndexOf(':');
        // Stryker disable once Equality : the two are equal where neither is there, and then all is the host
        var inLiteral = authority.Length > 0 && authority[0] == '[' && authority.IndexOf(']') > colon;
        // Stryker disable once Equality : without a host it is refused either way
        var host = colon < 0 || inLiteral ? authority : authority[..colon];
        var port = host.Length == authority.Length ? default : authority[(colon + 1)..];
        if (host.Length == 0 || !IsHost(host))
        {
            return null;
        }

        var name = host.ToString().ToLowerInvariant();
        if (port.Length == 0)
        {
            return name;
        }

        if (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        return number == (scheme == "https" ? 443 : 80) ? name : $"{name}:{number.ToString(CultureInfo.InvariantCulture)}";
    }

    private static bool IsHost(ReadOnlySpan<char> host)
    {
        var isLiteral = host[0] == '[';
        if (isLiteral && host[^1] != ']')
        {
            return false;
        }

        foreach (var c in isLiteral ? host[1..^1] : host)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_') && !(isLiteral && c == ':'))
            {
                return false;
            }
        }

        return true;
    }

    private static string? PathOf(ReadOnlySpan<char> path)
    {
        // "In general, a URI that uses the generic syntax for authority with an empty path should be normalized to a path of '/'" (RFC 3986 6.2.3).
        if (path.Length == 0)
        {
            return "/";
        }

        var decoded = new StringBuilder(path.Length);
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] == '%')
            {
                if (i + 2 >= path.Length || !byte.TryParse(path.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
                {
                    return null;
                }

                _ = IsLiteral((char)octet) ? decoded.Append((char)octet) : decoded.Append('%').Append(octet.ToString("X2", CultureInfo.InvariantCulture));
                i += 2;
            }
            else if (path[i] == '/' || IsLiteral(path[i]))
            {
                decoded.Append(path[i]);
            }
            else
            {
                return null;
            }
        }

        return WithoutDots(decoded.ToString());
    }

    // RFC 3986 5.2.4, for a path that begins with a slash.
    private static string WithoutDots(string path)
    {
        List<string> kept = [];
        var segments = path.Split('/')[1..];
        for (var i = 0; i < segments.Length; i++)
        {
            var isLast = i == segments.Length - 1;
            switch (segments[i])
            {
                case "." or "..":
                    if (segments[i] == ".." && kept.Count > 0)
                    {
                        kept.RemoveAt(kept.Count - 1);
                    }

                    if (isLast)
                    {
                        kept.Add("");
                    }

                    break;
                default:
                    kept.Add(segments[i]);
                    break;
            }
        }

        return "/" + string.Join('/', kept);
    }

    private static bool IsLiteral(char c) => char.IsAsciiLetterOrDigit(c) || PathLiterals.Contains(c, StringComparison.Ordinal);
}
