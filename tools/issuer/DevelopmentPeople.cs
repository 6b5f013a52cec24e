namespace PasientensMaledata.Issuer;

/// <summary>Who the tokens of development are about where nothing else is said: synthetic people and organisations of tests.</summary>
public static class DevelopmentPeople
{
    /// <summary>Person number of the clinician.</summary>
    public const string Clinician = "05898597468";

    /// <summary>HPR number of the clinician.</summary>
    public const string ClinicianHpr = "565501872";

    /// <summary>Name of the clinician.</summary>
    public const string ClinicianName = "GRØNN VITS";

    /// <summary>Legal entity of the clinician.</summary>
    public const string Hospital = "981275721";

    /// <summary>Unit where the clinician works.</summary>
    public const string HospitalUnit = "873255102";

    /// <summary>Legal entity of the gateway.</summary>
    public const string Gateway = "994598759";

    /// <summary>Vendor of health record and gateway.</summary>
    public const string Supplier = "213710192";

    /// <summary>Person number of the citizen.</summary>
    public const string Citizen = "13717404089";

    /// <summary><c>client_id</c> of the health record.</summary>
    public const string RecordClient = "development-health-record";

    /// <summary><c>client_id</c> of the gateway.</summary>
    public const string GatewayClient = "development-gateway";

    /// <summary><c>client_id</c> of the citizen's app.</summary>
    public const string CitizenClient = "development-citizen-app";

    /// <summary><c>client_id</c> of Helsenorge.</summary>
    public const string HelsenorgeClient = "development-helsenorge";

    /// <summary><c>client_id</c> of the privacy component.</summary>
    public const string PvkClient = "development-pvk";
}
