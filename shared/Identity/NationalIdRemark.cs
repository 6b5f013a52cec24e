namespace PasientensMaledata.Identity;

/// <summary>What there is to say of a text read as a <see cref="NationalId"/>.</summary>
public enum NationalIdRemark
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Accepted; the system names another kind of number than the digits show.</summary>
    SystemOfOtherKind,

    /// <summary>Accepted in development; it is not a person number.</summary>
    NotChecked,

    /// <summary>Refused; there is no number.</summary>
    Missing,

    /// <summary>Refused; it is not eleven digits.</summary>
    NotElevenDigits,

    /// <summary>Refused; day and month are of no calendar.</summary>
    NoSuchDate,

    /// <summary>Refused; a control digit is wrong.</summary>
    ControlDigits,

    /// <summary>Refused; a synthetic number in production.</summary>
    SyntheticRefused,

    /// <summary>Refused; a number of a real person in a test environment.</summary>
    RealRefused,
}

/// <summary>What to tell a caller of a <see cref="NationalIdRemark"/>.</summary>
public static class NationalIdRemarkTexts
{
    /// <summary>What is wrong and what to do, in English and without the number.</summary>
    public static string Advice(this NationalIdRemark remark) => remark switch
    {
        NationalIdRemark.None => "",
        NationalIdRemark.SystemOfOtherKind =>
            "The identifier's system names another kind of number than its digits show; the digits were followed. Send urn:oid:2.16.578.1.12.4.1.4.1 for a fødselsnummer, .2 for a D-number, .3 for a felles hjelpenummer.",
        NationalIdRemark.NotChecked =>
            "This is not a person number; it was accepted because this is a development environment. Send a synthetic number.",
        NationalIdRemark.Missing => "The person number is missing; send it as identifier.value.",
        NationalIdRemark.NotElevenDigits => "A person number is eleven digits, without spaces or dots; send it so.",
        NationalIdRemark.NoSuchDate => "The first four digits of the person number are no day and month; check the number at its source.",
        NationalIdRemark.ControlDigits => "The control digits of the person number are wrong; check the number at its source.",
        NationalIdRemark.SyntheticRefused =>
            "The person number is synthetic, and this environment holds real persons; send test data to a test environment.",
        NationalIdRemark.RealRefused =>
            "The person number is not synthetic, and this environment is for tests; send a number whose month is raised by 80 or 65.",
        _ => throw new ArgumentOutOfRangeException(nameof(remark)),
    };
}
