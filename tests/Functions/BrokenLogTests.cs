using System.Text.Json.Nodes;
using PasientensMaledata.Functions;
using PasientensMaledata.Issuer;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Tests.Functions;

/// <summary>The access log cannot be written: no route that is about people answers with anything of them.</summary>
public sealed class BrokenLogTests
{
    // Tell a Sender of its own refusals, by day and reason: nothing of people, and so nothing that is logged.
    private static readonly string[] OfNobody = ["ListRefused", "ReadRefused"];

    [Fact]
    public async Task While_the_log_cannot_be_written_no_route_gives_any_persons_data()
    {
        JournalAway away = null!;
        await using var service = new SecuredService { WrapBlobs = blobs => away = new(blobs) };
        await service.InitializeAsync();
        var (person, id) = await service.StoreAsync();
        var second = await service.SubmitAsync(Messages.Collection(SecuredService.Of(person, "2")));
        Assert.Equal(200, second.StatusCode);
        var page = new Uri((string)(await service.SearchAsync(person, "&_count=1")).Json["link"]!.AsArray().Single(l => (string?)l!["relation"] == "next")!["url"]!).PathAndQuery;
        await service.Service.Log.Sequencer.RunAsync(everything: true, default);
        var logged = (string)(await service.AsCitizenAsync(person, "GET", "/citizen/access-log")).Json["events"]![0]!["id"]!;
        foreach (var route in Routes.All.Where(r => r.Audience != Audience.Anyone))
        {
            var block = string.Empty;
            Task<Answer> CallAsync() => AskAsync(service, route, person, id, page, logged, block);
            async Task PrepareAsync() => block = route.Method == "DELETE" ? await BlockAsync(service, person) : block;

            // Whole, it is answered: else nothing were shown by what follows.
            await PrepareAsync();
            var whole = await CallAsync();
            Assert.True(whole.StatusCode is 200 or 201 || (whole.StatusCode == 404 && route.Name == "ReadRefused"), $"{route.Name}: {whole.StatusCode} {whole.Text}");

            await PrepareAsync();
            away.IsAway = true;
            var answer = await CallAsync();
            away.IsAway = false;
            if (OfNobody.Contains(route.Name))
            {
                Assert.True(answer.StatusCode is 200 or 404, $"{route.Name}: {answer.StatusCode}");
            }
            else
            {
                Assert.True(answer.StatusCode == 503, $"{route.Name}: {answer.StatusCode} {answer.Text}");
                Assert.NotNull(answer.Header("Retry-After"));
            }

            Assert.True(answer.Text.Length == 0 || answer.Json["resourceType"]?.ToString() == "OperationOutcome" || OfNobody.Contains(route.Name), $"{route.Name}: {answer.Text}");
            Assert.DoesNotContain(person, answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(id, answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("valueQuantity", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task While_the_log_cannot_be_written_nobody_is_told_that_there_is_no_such_block()
    {
        JournalAway away = null!;
        await using var service = new SecuredService { WrapBlobs = blobs => away = new(blobs) };
        await service.InitializeAsync();
        var (person, _) = await service.StoreAsync();
        var path = $"/citizen/privacy/blocks/{DevelopmentPeople.ClinicianHpr}";
        Assert.Equal(404, (await service.AsCitizenAsync(person, "DELETE", path)).StatusCode);
        away.IsAway = true;
        Assert.Equal(503, (await service.AsCitizenAsync(person, "DELETE", path)).StatusCode);
    }

    [Fact]
    public async Task A_retry_that_only_knows_what_is_stored_writes_the_event_that_was_not_written()
    {
        JournalAway away = null!;
        await using var service = new SecuredService { WrapBlobs = blobs => away = new(blobs) };
        await service.InitializeAsync();
        var bundle = Messages.Collection(SecuredService.Of(SecuredService.NewPerson(), "1"));
        away.IsAway = true;
        Assert.Equal(503, (await service.SubmitAsync(bundle)).StatusCode);
        away.IsAway = false;
        var retried = await service.SubmitAsync(bundle);
        Assert.Equal(200, retried.StatusCode);
        await service.Service.Log.Sequencer.RunAsync(everything: true, default);
        var entries = new List<string>();
        await foreach (var (_, one) in service.Service.Log.Reader.ReadSequenceAsync(0, long.MaxValue, default))
        {
            entries.AddRange(one.Submission?.Entries.Select(e => e.Outcome) ?? []);
        }

        Assert.Equal(["known"], entries);
    }

    private static async Task<string> BlockAsync(SecuredService service, string person)
    {
        var answer = await service.AsCitizenAsync(person, "PUT", $"/citizen/privacy/blocks/{DevelopmentPeople.ClinicianHpr}", "{}");
        Assert.Equal(200, answer.StatusCode);
        return (string)answer.Json["blocks"]![0]!["id"]!;
    }

    private static Task<Answer> AskAsync(SecuredService service, Route route, string person, string id, string page, string logged, string block)
    {
        var path = route.Path.Replace("{id}", id, StringComparison.Ordinal).Replace("{version}", "1", StringComparison.Ordinal).Replace("{event}", logged, StringComparison.Ordinal)
            .Replace("{hpr}", DevelopmentPeople.ClinicianHpr, StringComparison.Ordinal).Replace("{block}", block, StringComparison.Ordinal);
        if (route.Audience == Audience.Sender)
        {
            var observation = SecuredService.Of(person, "1");
            return route.Name switch
            {
                "SubmitBundle" => service.SubmitAsync(Messages.Collection(observation)),
                "CreateObservation" => service.SubmitAsync(observation, path),
                _ => service.AsSenderAsync(route.Method, path, route.Method == "GET" ? null : Named(observation, id).ToJsonString()),
            };
        }

        if (route.Audience == Audience.PrivacyComponent)
        {
            return service.PushAsync(new JsonObject
            {
                ["innbyggerFnr"] = person,
                ["definisjonGuid"] = "33333333-3333-4333-8333-333333333333",
                ["definisjonNavn"] = "Reservasjon",
                ["partKode"] = "PMD",
                ["typePi"] = "reservasjon",
                ["aktiv"] = false,
                ["tidspunkt"] = "2026-11-20T11:30:00Z",
            });
        }

        if (route.Audience == Audience.Personnel)
        {
            return service.AsClinicianAsync(route.Method, route.Name == "PageObservations" ? page : path, route.Method == "POST" ? $"patient.identifier={person}" : null);
        }

        return service.AsCitizenAsync(person, route.Method, path, route.Method is "GET" or "DELETE" ? null : route.Name switch
        {
            "BlockFromLog" => $$"""{"event":"{{logged}}"}""",
            "Restrict" => """{"restricted":false}""",
            "Reserve" => """{"reserved":false}""",
            _ => "{}",
        });
    }

    private static JsonObject Named(JsonObject observation, string id)
    {
        observation["id"] = id;
        return observation;
    }

    /// <summary>Blobs whose journals cannot be reached for a while.</summary>
    private sealed class JournalAway(IBlobs blobs) : IBlobs
    {
        public bool IsAway { get; set; }

        public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) =>
            IsJournal(name) ? throw new StorageUnavailableException("Journals are away.") : blobs.CreateAppendableAsync(name, cancellationToken);

        public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            IsJournal(name) ? throw new StorageUnavailableException("Journals are away.") : blobs.AppendAsync(name, position, bytes, cancellationToken);

        public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => blobs.CreateAsync(name, content, cancellationToken);

        public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) => blobs.ReadAsync(name, offset, maxBytes, cancellationToken);

        public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken) => blobs.ListAsync(prefix, cancellationToken);

        public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => blobs.ReplaceAsync(name, version, content, cancellationToken);

        public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) => blobs.DeleteAsync(name, version, cancellationToken);

        private bool IsJournal(BlobName name) => IsAway && name.ToString().StartsWith("journal/", StringComparison.Ordinal);
    }
}
