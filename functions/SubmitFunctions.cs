using System.Buffers;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Documents;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Observations.Wire;
using PasientensMaledata.Submissions;

namespace PasientensMaledata.Functions;

/// <summary>The calls that store.</summary>
public static class SubmitFunctions
{
    /// <summary>The header that names a Submission in its answer: by it the Sender finds what was refused.</summary>
    public const string SubmissionIdHeader = "x-pmd-submission-id";

    /// <summary><c>POST /</c></summary>
    public static Task BundleAsync(HttpContext context, Service service) => ReceiveAsync(context, service, new(MessageKind.Bundle), async receipt =>
    {
        var stored = receipt.Message.Entries.Zip(receipt.Results).Where(r => r.First.Observation is not null).Select(r => r.Second.Outcome).ToList();
        if (stored.Count > 0 && stored.TrueForAll(o => o == EntryOutcome.Unavailable))
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status503ServiceUnavailable, Issue.Error("transient", null, "Storage did not answer, and nothing is known to be stored. Send the Bundle again: what was stored after all will be answered as known."));
            return;
        }

        var answer = new ArrayBufferWriter<byte>(512 * Math.Max(1, receipt.Results.Count));
        BundleWriter.WriteResponses(answer, [.. receipt.Message.Entries.Zip(receipt.Results)]);
        await FhirAnswer.BodyAsync(context, StatusCodes.Status200OK, answer.WrittenMemory);
    });

    /// <summary><c>POST /Observation</c></summary>
    public static async Task CreateAsync(HttpContext context, Service service)
    {
        Token? ifNoneExist = null;
        if (context.Request.Headers["If-None-Exist"] is { Count: > 0 } criteria)
        {
            ifNoneExist = criteria is [{ } criterion] ? BundleReader.ReadIfNoneExist(criterion) : null;
            if (ifNoneExist is null)
            {
                await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, Issue.Error("value", null, "If-None-Exist is to be identifier=system|value, and nothing else."));
                return;
            }
        }

        await ReceiveAsync(context, service, new(MessageKind.Observation, IfNoneExist: ifNoneExist), receipt => AnswerAsync(context, receipt.Results[0]));
    }

    /// <summary><c>PUT /Observation/{id}</c></summary>
    public static async Task UpdateAsync(HttpContext context, Service service)
    {
        int? ifMatch = null;
        if (context.Request.Headers.IfMatch is { Count: > 0 } tags && (ifMatch = tags is [{ } tag] ? BundleReader.ReadIfMatch(tag) : null) is null)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, Issue.Error("value", null, "If-Match is to be W/\"n\", n being a version."));
            return;
        }

        var manner = new Manner(MessageKind.Observation, IsPut: true, (string)context.Request.RouteValues["id"]!, ifMatch);
        await ReceiveAsync(context, service, manner, receipt => AnswerAsync(context, receipt.Results[0]));
    }

    private static async Task ReceiveAsync(HttpContext context, Service service, Manner manner, Func<Receipt, Task> answer)
    {
        if (await SubmitCall.OpenAsync(context, service) is not { } call)
        {
            return;
        }

        if (FhirFormat.WhyNotRead(context.Request) is { } reason)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status415UnsupportedMediaType, Issue.Error("not-supported", null, reason));
            return;
        }

        var (rented, length) = await FhirBody.ReadBytesAsync(context.Request, Limits.MaxBodyBytes, context.RequestAborted);
        try
        {
            var received = service.Time.GetUtcNow().UtcDateTime;
            var envelope = new Envelope(SubmissionId.New(received), call.Sender, new HttpOrigin(CorrelationIds.Of(context)), received, manner, call.Admit, call.Logged);
            context.Response.Headers[SubmissionIdHeader] = envelope.Id.ToString();
            using var message = SubmittedMessage.Read(envelope, rented.AsMemory(0, length));

            // From here on it is carried through, though the caller may leave: nothing is stored that is not logged.
            var receipt = (await service.Reception.ReceiveAsync([message], CancellationToken.None))[0];
            await (message.Refusal is { } refusal ? FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, refusal) : answer(receipt));
        }
        finally
        {
            // It held what is said of patients.
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }
    }

    private static async Task AnswerAsync(HttpContext context, EntryResult result)
    {
        var status = result.Outcome == EntryOutcome.Created ? StatusCodes.Status201Created : int.Parse(BundleWriter.StatusOf(result.Outcome), System.Globalization.CultureInfo.InvariantCulture);
        if (result.Id is not null && result.IsStored)
        {
            context.Response.Headers.Location = $"{Addresses.Base(context.Request)}/Observation/{result.Id}/_history/{result.Version}";
            context.Response.Headers.ETag = $"W/\"{result.Version}\"";
            context.Response.Headers.LastModified = result.LastUpdated.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
            var wanted = context.Request.Headers["Prefer"].ToString();
            if (wanted.Contains("return=minimal", StringComparison.OrdinalIgnoreCase))
            {
                context.Response.StatusCode = status;
                return;
            }
        }

        await FhirAnswer.OutcomeAsync(context, status, BundleWriter.WordFor(result.Outcome), BundleWriter.IssuesOf(result, []));
    }
}
