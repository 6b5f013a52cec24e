namespace PasientensMaledata.Access.Privacy;

/// <summary>Who made a privacy setting.</summary>
public enum SettingSource
{
    /// <summary>The citizen, here.</summary>
    Citizen,

    /// <summary>One who acts for the citizen, here.</summary>
    Representative,

    /// <summary>Helsenorge's privacy component.</summary>
    PrivacyComponent,

    /// <summary>An operator, on the citizen's request.</summary>
    Operator,
}
