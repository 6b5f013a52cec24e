namespace PasientensMaledata.Functions.Fhir;

/// <summary>Addresses in answers.</summary>
public static class Addresses
{
    /// <summary>The FHIR base as the caller addressed it, without a slash at its end.</summary>
    public static string Base(HttpRequest request) => $"{request.Scheme}://{request.Host.ToUriComponent()}";
}
