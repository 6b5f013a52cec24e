namespace PasientensMaledata.Identity;

/// <summary>Which person numbers a deployment lets in.</summary>
public enum NationalIdPolicy
{
    /// <summary>Production: real fødselsnummer, D-numbers and FH-numbers only. Synthetic numbers would mix test persons into care.</summary>
    Strict,

    /// <summary>Test environments: synthetic fødselsnummer and D-numbers, and FH-numbers. Real persons do not belong there.</summary>
    Synthetic,

    /// <summary>Development: all of these, and besides any 1 to 20 digits, since official examples use values that are no person numbers.</summary>
    Lenient,
}
