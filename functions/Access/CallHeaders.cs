namespace PasientensMaledata.Functions.Access;

/// <summary>What a look-up says of itself in headers, besides its token.</summary>
public static class CallHeaders
{
    /// <summary>The values of the access basis, under either name: the sister services use both.</summary>
    public static IEnumerable<string?> Basis(HttpRequest request) => request.Headers["nhn-access-basis"].Concat(request.Headers["hit-access-basis"]);

    /// <summary>Name and version of the health record; empty where it says none. For the log alone.</summary>
    public static string SourceSystem(HttpRequest request) => request.Headers["nhn-source-system"].ToString();
}
