namespace PasientensMaledata.Issuer;

/// <summary>One way in which a request can be wrong, or odd and right all the same.</summary>
/// <param name="Name">In words.</param>
/// <param name="Headers">What a client would send for a request of this method and address.</param>
public sealed record Broken(string Name, Func<DevelopmentClient, string, Uri, RequestHeaders> Headers)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}
