using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using PasientensMaledata.Access.PrivacyComponent;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Identity;
using PasientensMaledata.Issuer;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Tests.Access.Tokens;
using PasientensMaledata.Tests.Storage;

namespace PasientensMaledata.Tests.Access.ForeignIssuer;

/// <summary>
/// Tokens of an issuer and proofs of libraries that this project has not written (oidc-provider, dpop, jose) are accepted and refused as they should be.
/// Without Node it is skipped with the reason, unless <c>CI=true</c>, where it fails.
/// </summary>
public sealed class ForeignIssuerTests
{
    private const string Target = TokenWorld.PublicBase + "/Observation/_search";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task What_others_have_written_is_accepted_and_refused_as_it_should_be()
    {
        var folder = Path.Combine(Repository.Root, "tests", "Access", "ForeignIssuer");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Patience);
        var port = Node.FreePorts(1)[0].ToString(CultureInfo.InvariantCulture);
        using var key = SigningKey.Ec();
        Process node;
        try
        {
            await Node.InstallAsync(folder, timeout.Token);
            node = Process.Start(
                new ProcessStartInfo("node", ["issuer.mjs", port, Target, key.PublishedJwk().ToJsonString()]) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException && Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Skip($"Node or its packages are missing here: {e.Message}");
            return;
        }

        using (node)
        {
            // Read to its end, so that it never waits for a full pipe.
            var complaints = node.StandardError.ReadToEndAsync(timeout.Token);
            try
            {
                var line = await ReadCasesAsync(node, timeout.Token);
                Assert.True(line is not null, line is null ? await complaints : "");
                await TryAllAsync(JsonDocument.Parse(line!).RootElement, $"http://127.0.0.1:{port}", timeout.Token);
                await SignInAsync(node, key, $"http://127.0.0.1:{port}", timeout.Token);
            }
            finally
            {
                node.Kill(entireProcessTree: true);
            }
        }
    }

    // Its own remarks come first.
    private static async Task<string?> ReadCasesAsync(Process node, CancellationToken cancellationToken)
    {
        string? line;
        do
        {
            line = await node.StandardOutput.ReadLineAsync(cancellationToken);
        }
        while (line is not null && !line.StartsWith('['));
        return line;
    }

    private static async Task TryAllAsync(JsonElement cases, string issuer, CancellationToken cancellationToken)
    {
        using var data = new TemporaryFolder();
        await using var storage = EmbeddedStorage.Open(data.Path, TimeProvider.System);
        using var network = new SocketsHttpHandler { AllowAutoRedirect = false };

        // The window is wide, since the machine may be slow; what is too old is older than that.
        var options = AuthOptions.Read(n => n switch { "Auth:HelseId:Issuer" => issuer, "Auth:ProofSeconds" => "300", _ => TokenWorld.Setting(n) }, null, out _)!;
        var authenticator = new Authenticator(options, NationalIdPolicy.Synthetic, () => new byte[32], new(storage.Partitions, options.Window, TimeProvider.System), network, TimeProvider.System);
        var wrong = new List<string>();
        var accepted = 0;
        foreach (var sent in cases.EnumerateArray())
        {
            var answer = await authenticator.AuthenticateAsync(
                Enum.Parse<RouteKind>(sent.GetProperty("route").GetString()!), new("POST", new Uri(Target).AbsolutePath, Texts(sent, "authorization"), Texts(sent, "proofs")), cancellationToken);
            var expected = (sent.GetProperty("status").GetInt32(), sent.TryGetProperty("error", out var error) ? error.GetString() : null);
            var got = answer.IsKnown ? (200, null) : (answer.Refusal.Status, answer.Refusal.Error);
            accepted += answer.IsKnown ? 1 : 0;
            if (got != expected)
            {
                wrong.Add($"{sent.GetProperty("name")}: {got}, not {expected} ({answer.Refusal?.Reason})");
            }
        }

        Assert.Empty(wrong);
        Assert.Equal(8, accepted);
        Assert.InRange(cases.GetArrayLength() - accepted, 15, 100);
    }

    // The service as a client: its assertion is taken by that issuer's token endpoint, and read by jose.
    private static async Task SignInAsync(Process node, SigningKey key, string issuer, CancellationToken cancellationToken)
    {
        using var network = new Watched(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var other = SigningKey.Ec();
        PvkConnection Connection(SigningKey by) => AuthOptions.Read(
            n => n switch
            {
                "Auth:Pvk:Address" => "https://pvk.example",
                "Auth:Pvk:TokenIssuer" => issuer,
                "Auth:Pvk:ClientId" => "pmd-service",
                "Auth:Pvk:TokenScope" => "nhn:pmd/read",
                "Auth:Pvk:ClientKey" => by.PrivateJwk().ToJsonString(),
                _ => TokenWorld.Setting(n),
            },
            null,
            out _)!.Pvk!.Connection!;
        using var http = Connection(key).Open(network, TimeProvider.System);
        Assert.Empty(await new PvkClient(http, PvkDefinitions.Development).GetActiveAsync(Guid.Empty, cancellationToken));
        Assert.Matches("^Bearer .{20,}$", Assert.Single(network.Calls));

        await node.StandardInput.WriteLineAsync(Assert.Single(network.Assertions).AsMemory(), cancellationToken);
        var read = JsonDocument.Parse((await node.StandardOutput.ReadLineAsync(cancellationToken))!).RootElement;
        Assert.True(read.TryGetProperty("life", out var life), read.ToString());
        Assert.InRange(life.GetInt32(), 10, 60);

        using var forged = Connection(other).Open(network, TimeProvider.System);
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => new PvkClient(forged, PvkDefinitions.Development).GetActiveAsync(Guid.Empty, cancellationToken));
        Assert.Contains("invalid_client", error.Message, StringComparison.Ordinal);
        Assert.Single(network.Calls);
    }

    private static string[] Texts(JsonElement sent, string name) => [.. sent.GetProperty(name).EnumerateArray().Select(v => v.GetString()!)];

    /// <summary>Keeps the assertions that go by, and answers as the privacy component itself.</summary>
    private sealed class Watched(HttpMessageHandler network) : DelegatingHandler(network)
    {
        public List<string> Assertions { get; } = [];

        public List<string> Calls { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.Host == "pvk.example")
            {
                Calls.Add($"{request.Headers.Authorization}");
                return new(HttpStatusCode.OK) { Content = new StringContent("[]") };
            }

            if (request.Content is not null)
            {
                Assertions.Add(System.Web.HttpUtility.ParseQueryString(await request.Content.ReadAsStringAsync(cancellationToken))["client_assertion"]!);
            }

            return await base.SendAsync(request, cancellationToken);
        }
    }
}
