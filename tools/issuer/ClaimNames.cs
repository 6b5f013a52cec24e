namespace PasientensMaledata.Issuer;

/// <summary>Names of HelseID's claims.</summary>
public static class ClaimNames
{
    /// <summary>Person number: what tells a person's token from a machine's.</summary>
    public const string Pid = "helseid://claims/identity/pid";

    /// <summary>Level of the sign-in, a text.</summary>
    public const string SecurityLevel = "helseid://claims/identity/security_level";

    /// <summary>HPR number.</summary>
    public const string Hpr = "helseid://claims/hpr/hpr_number";

    /// <summary>Legal entity.</summary>
    public const string LegalEntity = "helseid://claims/client/claims/orgnr_parent";

    /// <summary>Unit.</summary>
    public const string Unit = "helseid://claims/client/claims/orgnr_child";

    /// <summary>Vendor of a multi-tenant client.</summary>
    public const string Supplier = "helseid://claims/client/claims/orgnr_supplier";

    /// <summary>The client's name.</summary>
    public const string ClientName = "helseid://claims/client/client_name";

    /// <summary>Whether the client serves several organisations.</summary>
    public const string Tenancy = "helseid://claims/client/client_tenancy";

    /// <summary>The attest of the trust framework.</summary>
    public const string Attest = "nhn:tillitsrammeverk:parameters";
}
