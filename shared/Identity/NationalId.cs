namespace PasientensMaledata.Identity;

/// <summary>
/// A checked person number. Its canonical form is its digits; kind and OID follow from them, whatever system was sent beside.
/// Equality is by digits alone. <see cref="ToString"/> hides the digits, so that a number does not slip into a log; who needs them asks for <see cref="Digits"/>.
/// The default value is no number.
/// </summary>
public readonly record struct NationalId
{
    private const string Root = "2.16.578.1.12.4.1.4.";
    private const int Length = 11;
    private const int MaxLenientLength = 20;

    private readonly string? digits;

    private NationalId(string digits, NationalIdKind kind, bool isSynthetic)
    {
        this.digits = digits;
        Kind = kind;
        IsSynthetic = isSynthetic;
    }

    /// <summary>The number. Personal data: never for logs, addresses or messages.</summary>
    public string Digits => digits ?? "";

    /// <summary>What kind of number it is.</summary>
    public NationalIdKind Kind { get; }

    /// <summary>The month is raised by 80, 65 or 40: a test person. FH-numbers do not tell.</summary>
    public bool IsSynthetic { get; }

    /// <summary>The identifier system, <c>urn:oid:</c> first; null for <see cref="NationalIdKind.Other"/>.</summary>
    public string? Oid => Kind switch
    {
        NationalIdKind.Fnr => "urn:oid:" + Root + "1",
        NationalIdKind.DNumber => "urn:oid:" + Root + "2",
        NationalIdKind.FhNumber => "urn:oid:" + Root + "3",
        _ => null,
    };

    /// <summary>Reads a person number.</summary>
    /// <param name="text">The number as sent.</param>
    /// <param name="system">The identifier system as sent, with or without <c>urn:oid:</c>, or null. A wrong one is remarked upon, never refused.</param>
    /// <param name="policy">Which numbers are let in.</param>
    /// <param name="id">The number, where accepted.</param>
    /// <param name="remark">Why it was refused, or what the sender should mend.</param>
    /// <returns>Whether it was accepted.</returns>
    public static bool TryParse(string? text, string? system, NationalIdPolicy policy, out NationalId id, out NationalIdRemark remark)
    {
        id = default;
        remark = string.IsNullOrEmpty(text) ? NationalIdRemark.Missing : Examine(text, out id);
        if (remark == NationalIdRemark.None)
        {
            remark = policy switch
            {
                NationalIdPolicy.Strict when id.IsSynthetic => NationalIdRemark.SyntheticRefused,
                NationalIdPolicy.Synthetic when !id.IsSynthetic && id.Kind != NationalIdKind.FhNumber => NationalIdRemark.RealRefused,
                _ => NationalIdRemark.None,
            };
            if (remark != NationalIdRemark.None)
            {
                id = default;
                return false;
            }

            if (!string.IsNullOrEmpty(system) && KindOf(system) != id.Kind)
            {
                remark = NationalIdRemark.SystemOfOtherKind;
            }

            return true;
        }

        if (policy == NationalIdPolicy.Lenient && text is { Length: > 0 and <= MaxLenientLength } && AllDigits(text))
        {
            id = new NationalId(text, KindOf(system), isSynthetic: false);
            remark = NationalIdRemark.NotChecked;
            return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public bool Equals(NationalId other) => string.Equals(Digits, other.Digits, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => string.GetHashCode(Digits, StringComparison.Ordinal);

    /// <summary>The kind, never the number.</summary>
    public override string ToString() => Kind switch
    {
        NationalIdKind.Fnr => "Fnr…",
        NationalIdKind.DNumber => "DNumber…",
        NationalIdKind.FhNumber => "FhNumber…",
        _ => "Other…",
    };

    private static NationalIdRemark Examine(string text, out NationalId id)
    {
        id = default;
        if (text.Length != Length || !AllDigits(text))
        {
            return NationalIdRemark.NotElevenDigits;
        }

        if (text[0] is '8' or '9')
        {
            id = new NationalId(text, NationalIdKind.FhNumber, isSynthetic: false);
        }
        else
        {
            var day = (text[0] - '0') * 10 + (text[1] - '0');
            var month = (text[2] - '0') * 10 + (text[3] - '0');
            var kind = day > 40 ? NationalIdKind.DNumber : NationalIdKind.Fnr;
            day -= day > 40 ? 40 : 0;
            // Tenor adds 80 and NHN 65. NAV's test data adds 40, as do H-numbers, which one organisation hands out for itself: neither is a real national number.
            var raised = month switch { >= 81 => 80, >= 66 => 65, >= 41 => 40, _ => 0 };
            month -= raised;
            if (!IsDate(day, month))
            {
                return NationalIdRemark.NoSuchDate;
            }

            id = new NationalId(text, kind, isSynthetic: raised > 0);
        }

        if (!ControlDigitsHold(text))
        {
            id = default;
            return NationalIdRemark.ControlDigits;
        }

        return NationalIdRemark.None;
    }

    // The century cannot be read from numbers issued from 2032 on, so a leap day is always possible.
    private static bool IsDate(int day, int month) => day >= 1 && month switch
    {
        2 => day <= 29,
        4 or 6 or 9 or 11 => day <= 30,
        >= 1 and <= 12 => day <= 31,
        _ => false,
    };

    // From 2032 the first check allows the remainders 0 to 3. Numbers by the old rule (remainder 0) stay valid, and the new rule holds them all.
    private static bool ControlDigitsHold(string text)
    {
        ReadOnlySpan<byte> first = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1];
        ReadOnlySpan<byte> second = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
        return Remainder(text, first) <= 3 && Remainder(text, second) == 0;
    }

    private static int Remainder(string text, ReadOnlySpan<byte> weights)
    {
        var sum = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            sum += (text[i] - '0') * weights[i];
        }

        return sum % 11;
    }

    private static bool AllDigits(string text) => !text.AsSpan().ContainsAnyExceptInRange('0', '9');

    private static NationalIdKind KindOf(string? system)
    {
        var oid = system.AsSpan();
        if (oid.StartsWith("urn:oid:", StringComparison.OrdinalIgnoreCase))
        {
            oid = oid[8..];
        }

        return oid.Length == Root.Length + 1 && oid.StartsWith(Root, StringComparison.Ordinal)
            ? oid[^1] switch
            {
                '1' => NationalIdKind.Fnr,
                '2' => NationalIdKind.DNumber,
                '3' => NationalIdKind.FhNumber,
                _ => NationalIdKind.Other,
            }
            : NationalIdKind.Other;
    }
}
