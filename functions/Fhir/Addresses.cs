namespace PasientensMaledata.Functions.Fhir;

/// <summary>Addresses in answers.</summary>
public static class Addresses
{
    /// <summary>
    /// The FHIR base, without a slash at its end: the configured public address, since a host or proxy in front hands on another name. Where several
    /// are configured, that which the caller used; in open mode, where none is, as the caller addressed it.
    /// </summary>
    public static string Base(HttpRequest request)
    {
        var stated = $"{request.Scheme}://{request.Host.ToUriComponent()}";
        return request.HttpContext.Features.Get<PublicBases>() is { All: [var first, ..] all } ? all.FirstOrDefault(b => b.Equals(stated, StringComparison.OrdinalIgnoreCase)) ?? first : stated;
    }
}

/// <summary>The addresses under which callers reach the service.</summary>
/// <param name="All">Each without a slash at its end; empty where none is configured.</param>
public sealed record PublicBases(IReadOnlyList<string> All);
