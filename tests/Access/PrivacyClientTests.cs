using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using PasientensMaledata.Access.PrivacyComponent;

namespace PasientensMaledata.Tests.Access;

/// <summary>The calls of Helsenorge's privacy component: what is sent, and which answers are taken.</summary>
public sealed class PrivacyClientTests
{
    private static readonly PvkDefinitions Definitions = PrivacyComponentWorld.Definitions with { Part = "P&D" };

    private static JsonObject Setting => new()
    {
        ["innbyggerFnr"] = "13717404089",
        ["definisjonGuid"] = Definitions.Block.ToString(),
        ["definisjonNavn"] = "Blokkering",
        ["partKode"] = "PMD",
        ["typePi"] = "tilgangsbegrensning",
        ["aktiv"] = true,
        ["tidspunkt"] = "2026-11-20T10:00:00Z",
        ["innbyggerMetadata"] = "{\"hpr\":\"565501872\"}",
    };

    [Fact]
    public async Task The_active_settings_are_asked_for_by_definition_and_part()
    {
        using var component = new Answering(HttpStatusCode.OK, "[{\"a\":1},{\"a\":2}]");
        var active = await component.Client.GetActiveAsync(Definitions.Block, default);
        Assert.Equal([1, 2], active.Select(a => a.GetProperty("a").GetInt32()));
        Assert.Equal(
            "GET /api/personvern/Personverninnstillinger/HentInnbyggereAktivePiForDefinisjon/v2?definisjonGuid=11111111-1111-1111-1111-111111111111&partKode=P%26D",
            component.Asked);
    }

    [Theory]
    [InlineData(200, "{}")]
    [InlineData(200, "null")]
    [InlineData(200, "")]
    [InlineData(200, "[{]")]
    [InlineData(204, "")]
    [InlineData(302, "[]")]
    [InlineData(404, "[]")]
    [InlineData(500, "[]")]
    public async Task Another_answer_than_a_list_is_none(int status, string body)
    {
        using var component = new Answering((HttpStatusCode)status, body);
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => component.Client.GetActiveAsync(Definitions.Block, default));
        Assert.Equal((HttpStatusCode)status, error.StatusCode);
    }

    [Fact]
    public async Task The_question_for_one_setting_names_whose_and_which_and_not_how_it_stands_here()
    {
        using var component = new Answering(HttpStatusCode.OK, Setting.ToJsonString());
        var known = await component.Client.CheckAsync(Setting, default);
        Assert.True(known!.Value.GetProperty("aktiv").GetBoolean());
        Assert.Equal("POST /api/personvern/Personverninnstillinger/SjekkInnbyggersPiStatus/v2", component.Asked);
        var expected = Setting;
        foreach (var own in new[] { "definisjonNavn", "aktiv", "tidspunkt" })
        {
            expected.Remove(own);
        }

        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(component.Body)));
    }

    [Theory]
    [InlineData(404, "")]
    [InlineData(204, "")]
    [InlineData(200, "null")]
    [InlineData(200, "[]")]
    public async Task Of_a_setting_that_is_unknown_there_nothing_is_known(int status, string body)
    {
        using var component = new Answering((HttpStatusCode)status, body);
        Assert.Null(await component.Client.CheckAsync(Setting, default));
    }

    [Theory]
    [InlineData(200, "")]
    [InlineData(400, "{}")]
    [InlineData(503, "")]
    public async Task An_answer_that_says_nothing_of_it_is_none(int status, string body)
    {
        using var component = new Answering((HttpStatusCode)status, body);
        await Assert.ThrowsAsync<HttpRequestException>(() => component.Client.CheckAsync(Setting, default));
    }

    [Fact]
    public async Task A_setting_is_told_whole()
    {
        using var component = new Answering(HttpStatusCode.NoContent, "");
        await component.Client.SetAsync(Setting, default);
        Assert.Equal("POST /api/personvern/Personverninnstillinger/SettInnbyggersPersonvernInnstilling/v2", component.Asked);
        Assert.True(JsonNode.DeepEquals(Setting, JsonNode.Parse(component.Body)));
        using var refusing = new Answering(HttpStatusCode.BadRequest, "");
        await Assert.ThrowsAsync<HttpRequestException>(() => refusing.Client.SetAsync(Setting, default));
    }

    [Fact]
    public async Task One_that_lasts_too_long_does_not_answer_and_one_who_gives_up_has_given_up()
    {
        using var component = new Answering(null, "");
        await Assert.ThrowsAsync<HttpRequestException>(() => component.Client.SetAsync(Setting, default));
        using var given = new CancellationTokenSource();
        var call = component.Client.SetAsync(Setting, given.Token);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    /// <summary>Gives one answer, or without a status none, and remembers what was asked.</summary>
    private sealed class Answering : HttpMessageHandler
    {
        private readonly HttpStatusCode? status;
        private readonly string body;
        private readonly HttpClient http;

        public Answering(HttpStatusCode? status, string body)
        {
            (this.status, this.body) = (status, body);
            http = new(this, disposeHandler: false) { BaseAddress = new("https://pvk.example/api/"), Timeout = status is null ? TimeSpan.FromMilliseconds(50) : TimeSpan.FromMinutes(1) };
            Client = new(http, Definitions);
        }

        public PvkClient Client { get; }

        public string Asked { get; private set; } = "";

        public string Body { get; private set; } = "";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked = $"{request.Method} {request.RequestUri!.PathAndQuery}";
            Body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            if (status is not { } answer)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return null!;
            }

            return new(answer) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                http.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
