using System.IO.Compression;
using System.Net;
using System.Text;
using static PasientensMaledata.Tests.Functions.Messages;
using static PasientensMaledata.Tests.Functions.SharedService;

namespace PasientensMaledata.Tests.Functions;

/// <summary>Formats, encodings, methods and headers: what HTTP and FHIR leave to be agreed.</summary>
public sealed class NegotiationTests(SharedService shared) : IClassFixture<SharedService>
{
    private TestService Service => shared.Service;

    [Theory]
    [InlineData("application/fhir+json")]
    [InlineData("application/json")]
    [InlineData("text/json")]
    [InlineData("APPLICATION/FHIR+JSON")]
    [InlineData("application/fhir+json; charset=utf-8")]
    [InlineData("application/fhir+json; charset=UTF-8; fhirVersion=4.0")]
    [InlineData("application/fhir+json;fhirVersion=5.0")]
    [InlineData("application/fhir+json; fhirVersion=\"4.0\"")]
    [InlineData("application/json; charset=\"utf-8\"")]
    public async Task A_body_of_these_types_is_read(string contentType)
    {
        var person = NewPerson();
        Assert.Equal(201, (await Service.SendAsync(HttpMethod.Post, "/Observation", HeartRate(person, "1").ToJsonString(), contentType)).StatusCode);
        Assert.Equal(200, (await Service.SendAsync(HttpMethod.Post, "/", Collection(HeartRate(person, "2")).ToJsonString(), contentType)).StatusCode);
    }

    [Theory]
    [InlineData("application/fhir+xml")]
    [InlineData("application/xml")]
    [InlineData("text/xml")]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/fhir+json; charset=iso-8859-1")]
    [InlineData("application/fhir+json; charset=utf-16")]
    [InlineData("application/fhir+json; fhirVersion=3.0")]
    [InlineData("application/fhir+json; fhirVersion=4.0.1")]
    [InlineData("")]
    public async Task A_body_of_any_other_type_is_415(string contentType)
    {
        var body = HeartRate(NewPerson(), "1").ToJsonString();
        Refused(415, await Service.SendAsync(HttpMethod.Post, "/Observation", body, contentType));
        Refused(415, await Service.SendAsync(HttpMethod.Post, "/", body, contentType));
        Refused(415, await Service.SendAsync(HttpMethod.Put, "/Observation/x", body, contentType));
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("*/*", null, false)]
    [InlineData("application/*", null, false)]
    [InlineData("application/fhir+json", null, false)]
    [InlineData("application/json", null, false)]
    [InlineData("text/html, application/xhtml+xml, */*;q=0.8", null, false)]
    [InlineData("application/fhir+xml, application/fhir+json;q=0.1", null, false)]
    [InlineData("application/fhir+json; fhirVersion=4.0", null, false)]
    [InlineData("application/fhir+json; fhirVersion=5.0", null, true)]
    [InlineData("application/json; fhirVersion=5.0", null, true)]
    [InlineData("application/fhir+json; fhirVersion=5.0; q=0.5, application/fhir+json; fhirVersion=4.0", null, false)]
    [InlineData("application/fhir+json; fhirVersion=3.0, application/fhir+json; fhirVersion=5.0; q=0.5", null, true)]
    [InlineData("*/*, application/fhir+json; fhirVersion=5.0", null, true)]
    [InlineData("application/fhir+xml", "json", false)]
    [InlineData("application/fhir+xml", "application/json", false)]
    [InlineData(null, "application/fhir%2Bjson", false)]
    [InlineData(null, "application/fhir+json", false)]
    [InlineData(null, "application/fhir%2Bjson;fhirVersion=5.0", true)]
    [InlineData("application/fhir+json; fhirVersion=5.0", "", true)]
    public async Task An_answer_is_in_the_form_asked_for(string? accept, string? format, bool isR5)
    {
        var sent = HeartRate(NewPerson(), "1");
        sent["bodyStructure"] = new System.Text.Json.Nodes.JsonObject { ["display"] = "left arm" };
        var id = (await shared.StoreAsync(sent))[0];
        var answer = await Service.GetAsync($"/Observation/{id}" + (format is null ? "" : $"?_format={format}"), accept is null ? [] : [("Accept", accept)]);
        Assert.Equal(200, answer.StatusCode);
        Assert.Equal(isR5 ? "application/fhir+json; charset=utf-8; fhirVersion=5.0" : "application/fhir+json; charset=utf-8", answer.Header("Content-Type"));
        Assert.Equal(isR5, answer.Json["bodyStructure"] is not null);
    }

    [Theory]
    [InlineData("application/fhir+xml", null)]
    [InlineData("text/html", null)]
    [InlineData("application/fhir+json;q=0", null)]
    [InlineData("application/fhir+json; fhirVersion=3.0", null)]
    [InlineData("application/fhir+turtle, application/fhir+xml", null)]
    [InlineData("none", null)]
    [InlineData(null, "xml")]
    [InlineData("application/fhir+json", "application/fhir%2Bxml")]
    [InlineData(null, "ttl")]
    [InlineData(null, "application/fhir%2Bjson;fhirVersion=1.0")]
    public async Task A_form_that_is_not_spoken_is_406(string? accept, string? format)
    {
        foreach (var (method, path) in new[] { (HttpMethod.Get, "/metadata"), (HttpMethod.Get, "/Observation/x"), (HttpMethod.Post, "/Observation/_search") })
        {
            Refused(406, await Service.SendAsync(method, path + (format is null ? "" : $"?_format={format}"), headers: accept is null ? [] : [("Accept", accept)]));
        }
    }

    [Fact]
    public async Task A_body_may_begin_with_a_byte_order_mark() =>
        Assert.Equal(201, (await Service.SendAsync(HttpMethod.Post, "/Observation", "\ufeff" + HeartRate(NewPerson(), "1").ToJsonString())).StatusCode);

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZip")]
    [InlineData("identity")]
    public async Task A_body_may_be_compressed(string encoding)
    {
        var person = NewPerson();
        var answer = await SendAsync("/", Compress(Collection(HeartRate(person, "1")).ToJsonString(), encoding), encoding);
        Assert.True(answer.StatusCode == 200, answer.Text);
        answer = await SendAsync("/Observation/_search", Compress($"patient.identifier={person}", encoding), encoding, "application/x-www-form-urlencoded");
        Assert.Single(answer.Observations);
    }

    [Theory]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("compress")]
    [InlineData("gzip, gzip")]
    [InlineData("gzip, br")]
    public async Task A_body_in_another_encoding_is_415(string encoding)
    {
        var answer = await SendAsync("/", Encoding.UTF8.GetBytes(Collection(HeartRate(NewPerson(), "1")).ToJsonString()), encoding);
        Refused(415, answer, "gzip");
    }

    [Fact]
    public async Task A_body_that_is_not_what_its_encoding_says_is_400()
    {
        var whole = Compress(Collection(Enumerable.Range(0, 50).Select(i => HeartRate(NewPerson(), $"{i}"))).ToJsonString(), "gzip");
        var corrupt = whole.ToArray();
        corrupt[corrupt.Length / 2] ^= 0xff;
        Refused(400, await SendAsync("/", corrupt, "gzip"));
        Refused(400, await SendAsync("/", whole[..(whole.Length / 2)], "gzip"));
        Refused(400, await SendAsync("/", "{}"u8.ToArray(), "gzip"));
        Refused(400, await SendAsync("/", [], "gzip"));
        Refused(400, await SendAsync("/Observation/_search", "patient.identifier=1"u8.ToArray(), "gzip", "application/x-www-form-urlencoded"));
    }

    [Fact]
    public async Task A_body_is_at_most_so_large_also_after_decompression()
    {
        var bundle = """{"resourceType":"Bundle","type":"batch"}"""u8.ToArray();
        byte[] Of(int size) => [.. bundle, .. Enumerable.Repeat((byte)' ', size - bundle.Length)];
        Assert.Equal(200, (await SendAsync("/", Of(Limits.MaxBodyBytes), "identity")).StatusCode);
        Assert.Equal(200, (await SendAsync("/", Gzip(Of(Limits.MaxBodyBytes)), "gzip")).StatusCode);
        Refused(413, await SendAsync("/", Gzip(Of(Limits.MaxBodyBytes + 1)), "gzip"), $"{Limits.MaxBodyBytes}");

        // Told by the length alone; the body need not come.
        var raw = await RawHttp.SendAsync(Service, $"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\nContent-Length: {Limits.MaxBodyBytes + 1}\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413", raw, StringComparison.Ordinal);
        Assert.Contains("OperationOutcome", raw, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_small_body_that_becomes_a_huge_one_is_413_soon()
    {
        using var bomb = new MemoryStream();
        using (var gzip = new GZipStream(bomb, CompressionLevel.Fastest, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 300; i++)
            {
                gzip.Write(zeros);
            }
        }

        foreach (var (path, type) in new[] { ("/", "application/fhir+json"), ("/Observation", "application/fhir+json"), ("/Observation/_search", "application/x-www-form-urlencoded"), ("/Observation/$lastn", "application/fhir+json") })
        {
            Refused(413, await SendAsync(path, bomb.ToArray(), "gzip", type));
        }
    }

    [Fact]
    public async Task A_body_that_ends_early_is_not_stored()
    {
        var person = NewPerson();
        var body = HeartRate(person, "1").ToJsonString();
        using (var client = new System.Net.Sockets.TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, Service.Client.BaseAddress!.Port);
            await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"POST /Observation HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\nContent-Length: {body.Length + 10}\r\n\r\n{body}"));
        }

        Assert.Empty(await shared.NamesAsync(person, ""));
    }

    [Fact]
    public async Task An_answer_is_compressed_where_that_is_asked_for()
    {
        var person = NewPerson();
        var id = (await shared.StoreAsync(Enumerable.Range(0, 20).Select(i => HeartRate(person, $"{i}"))))[0];
        var plain = await Service.GetAsync($"/Observation/{id}");
        Assert.Null(plain.Header("Content-Encoding"));
        foreach (var (method, path, body) in new[] { (HttpMethod.Get, $"Observation/{id}", null), (HttpMethod.Get, "metadata", null), (HttpMethod.Get, "none", null), (HttpMethod.Post, "Observation/_search", $"patient.identifier={person}") })
        {
            using var request = new HttpRequestMessage(method, path);
            request.Headers.AcceptEncoding.ParseAdd("gzip");
            request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/x-www-form-urlencoded");
            using var response = await Service.Client.SendAsync(request);
            Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
            Assert.Contains("Accept-Encoding", response.Headers.Vary);
            await using var gzip = new GZipStream(await response.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
            using var reader = new StreamReader(gzip);
            var text = await reader.ReadToEndAsync();
            Parse(new(response.StatusCode, response, text));
            if (path.EndsWith(id, StringComparison.Ordinal))
            {
                Assert.Equal(plain.Text, text);
            }
        }
    }

    [Theory]
    [InlineData("/metadata/")]
    [InlineData("/health/")]
    [InlineData("/Observation/ID/")]
    [InlineData("/Observation/ID/_history/")]
    [InlineData("/Observation/ID/_history/1/")]
    public async Task A_slash_at_the_end_is_accepted(string path)
    {
        var person = NewPerson();
        var id = (await shared.StoreAsync(HeartRate(person, "1")))[0];
        Assert.Equal(200, (await Service.GetAsync(path.Replace("ID", id, StringComparison.Ordinal))).StatusCode);
        Assert.Single((await Service.SendAsync(HttpMethod.Post, "/Observation/_search/", $"patient.identifier={person}", "application/x-www-form-urlencoded")).Observations);
        Assert.Single((await Service.SendAsync(HttpMethod.Post, "/Observation/$lastn/", $"patient.identifier={person}", "application/x-www-form-urlencoded")).Observations);
    }

    [Theory]
    [InlineData("GET", "/Patient")]
    [InlineData("GET", "/none")]
    [InlineData("POST", "/Patient/_search")]
    [InlineData("GET", "/Observation/x/_history/1/more")]
    [InlineData("GET", "/Observation/$lastn/more")]
    [InlineData("GET", "/favicon.ico")]
    [InlineData("GET", "/../etc/passwd")]
    public async Task An_address_that_is_none_is_404(string method, string path) => Refused(404, await Service.SendAsync(new(method), path));

    [Theory]
    [InlineData("GET", "/", "POST")]
    [InlineData("PUT", "/", "POST")]
    [InlineData("DELETE", "/", "POST")]
    [InlineData("OPTIONS", "/", "POST")]
    [InlineData("DELETE", "/Observation", "GET, POST")]
    [InlineData("PUT", "/Observation", "GET, POST")]
    [InlineData("DELETE", "/Observation/x", "GET, PUT")]
    [InlineData("PATCH", "/Observation/x", "GET, PUT")]
    [InlineData("POST", "/Observation/x", "GET, PUT")]
    [InlineData("POST", "/Observation/x/_history", "GET")]
    [InlineData("POST", "/metadata", "GET")]
    [InlineData("POST", "/health", "GET")]
    [InlineData("OPTIONS", "/metadata", "GET")]
    [InlineData("BREW", "/metadata", "GET")]
    public async Task A_method_that_is_not_taken_is_405_and_says_which_are(string method, string path, string allow)
    {
        var answer = await Service.SendAsync(new(method), path);
        Refused(405, answer);
        Assert.Equal(allow, string.Join(", ", answer.Response.Content.Headers.Allow.Order()));
    }

    [Theory]
    [InlineData("/metadata")]
    [InlineData("/Observation/x")]
    public async Task HEAD_has_no_body(string path)
    {
        var answer = await Service.SendAsync(HttpMethod.Head, path);
        Assert.Equal(405, answer.StatusCode);
        Assert.Empty(answer.Text);
        Assert.Equal(200, (await Service.GetAsync("/health")).StatusCode);
    }

    [Theory]
    [InlineData("correlation-id")]
    [InlineData("x-pmd-correlation-id")]
    [InlineData("nhn-event-id")]
    [InlineData("X-PMD-Correlation-Id")]
    public async Task A_correlation_id_comes_back_whatever_the_answer(string name)
    {
        const string Id = "4d4d9d8b-dc0d-4eb8-b830-ea45eeb54d36";
        foreach (var (method, path) in new[] { ("GET", "/metadata"), ("GET", "/health"), ("GET", "/none"), ("DELETE", "/"), ("POST", "/"), ("GET", "/Observation/x"), ("GET", "/metadata?_format=xml") })
        {
            Assert.Equal(Id, (await Service.SendAsync(new(method), path, headers: (name, Id))).Header(name));
        }

        Assert.Equal(Id, (await Service.GetAsync("/health", (name, Id), ("X-Forwarded-For", "10.0.0.1"))).Header(name));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task Where_no_usable_correlation_id_was_sent_one_is_made(string? sent)
    {
        var answer = await Service.GetAsync("/health", sent is null ? [] : [("correlation-id", sent)]);
        Assert.True(Guid.TryParse(answer.Header("correlation-id"), out _));
    }

    [Fact]
    public async Task Every_header_that_is_for_browsers_or_caches_keeps_the_answer_private()
    {
        var id = (await shared.StoreAsync(HeartRate(NewPerson(), "1")))[0];
        foreach (var path in new[] { $"/Observation/{id}", $"/Observation/{id}/_history", "/Observation/x", "/health", "/none" })
        {
            Assert.Equal("no-store", (await Service.GetAsync(path)).Header("Cache-Control"));
        }

        Assert.Null((await Service.GetAsync("/health")).Header("Server"));
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return output.ToArray();
    }

    private static byte[] Compress(string text, string encoding)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        using var output = new MemoryStream();
        using (Stream stream = encoding.ToUpperInvariant() switch
        {
            "GZIP" => new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true),
            "DEFLATE" => new ZLibStream(output, CompressionLevel.Fastest, leaveOpen: true),
            "BR" => new BrotliStream(output, CompressionLevel.Fastest, leaveOpen: true),
            _ => Stream.Null,
        })
        {
            stream.Write(bytes);
        }

        return output.Length == 0 ? bytes : output.ToArray();
    }

    private async Task<Answer> SendAsync(string path, byte[] body, string encoding, string contentType = "application/fhir+json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new(contentType);
        request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        using var response = await Service.Client.SendAsync(request);
        return new(response.StatusCode, response, await response.Content.ReadAsStringAsync());
    }
}
