namespace PasientensMaledata.Identity;

/// <summary>What kind of person number it is, as its digits say.</summary>
public enum NationalIdKind
{
    /// <summary>Not a person number; only <see cref="NationalIdPolicy.Lenient"/> lets it in.</summary>
    Other,

    /// <summary>Fødselsnummer.</summary>
    Fnr,

    /// <summary>D-number: the day is raised by 40.</summary>
    DNumber,

    /// <summary>Felles hjelpenummer: the first digit is 8 or 9, and it holds no date.</summary>
    FhNumber,
}
