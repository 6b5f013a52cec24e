#pragma warning disable CS1591 // What each does stands in Routes.
using Microsoft.Azure.Functions.Worker;

namespace PasientensMaledata.Functions.Worker;

/// <summary>The calls of <see cref="Routes"/>, each as the isolated worker's library finds it. A test holds the attributes to that table.</summary>
/// <param name="pipeline">Answers them.</param>
public sealed class HttpTriggers(WorkerPipeline pipeline)
{
    // The host takes an empty route for the function's own name, and the library none that begins with '/'. This one matches the base alone.
    private const string Base = "{nothing:maxlength(0)?}";

    [Function(nameof(SubmitBundle))]
    public Task<IResult> SubmitBundle([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Base)] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(CreateObservation))]
    public Task<IResult> CreateObservation([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "Observation")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(UpdateObservation))]
    public Task<IResult> UpdateObservation([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "Observation/{id}")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(ListRefused))]
    public Task<IResult> ListRefused([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "submissions/refused")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(ReadRefused))]
    public Task<IResult> ReadRefused([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "submissions/{id}")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(SearchObservations))]
    public Task<IResult> SearchObservations([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "Observation/_search")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(LastObservations))]
    public Task<IResult> LastObservations([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "Observation/$lastn")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(PageObservations))]
    public Task<IResult> PageObservations([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "Observation")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(ReadObservation))]
    public Task<IResult> ReadObservation([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "Observation/{id}")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(ReadObservationVersion))]
    public Task<IResult> ReadObservationVersion([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "Observation/{id}/_history/{version}")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(ObservationHistory))]
    public Task<IResult> ObservationHistory([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "Observation/{id}/_history")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(CitizenObservations))]
    public Task<IResult> CitizenObservations([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "citizen/Observation")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(CitizenLastObservations))]
    public Task<IResult> CitizenLastObservations([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "citizen/Observation/$lastn")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(ReadPrivacy))]
    public Task<IResult> ReadPrivacy([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "citizen/privacy")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(BlockPractitioner))]
    public Task<IResult> BlockPractitioner([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "citizen/privacy/blocks/{hpr}")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(UnblockPractitioner))]
    public Task<IResult> UnblockPractitioner([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "citizen/privacy/blocks/{hpr}")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(UnblockById))]
    public Task<IResult> UnblockById([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "citizen/privacy/blocks/id/{block}")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(Restrict))]
    public Task<IResult> Restrict([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "citizen/privacy/restriction")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(Reserve))]
    public Task<IResult> Reserve([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "citizen/privacy/reservation")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(BlockFromLog))]
    public Task<IResult> BlockFromLog([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "citizen/privacy/blocks")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(CitizenAccessLog))]
    public Task<IResult> CitizenAccessLog([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "citizen/access-log")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(CitizenAuditEvents))]
    public Task<IResult> CitizenAuditEvents([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "citizen/AuditEvent")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(CitizenLogProof))]
    public Task<IResult> CitizenLogProof([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "citizen/access-log/{event}/proof")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(CitizenExport))]
    public Task<IResult> CitizenExport([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "citizen/export")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(WhoMaySee))]
    public Task<IResult> WhoMaySee([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "citizen/who-may-see")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(LogCheckpoint))]
    public Task<IResult> LogCheckpoint([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "log/checkpoint")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(LogTile))]
    public Task<IResult> LogTile([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "log/tile/{**address}")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(LogKey))]
    public Task<IResult> LogKey([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "log/key")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(Metadata))]
    public Task<IResult> Metadata([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "metadata")] HttpRequest request) => pipeline.AnswerAsync(request);

    [Function(nameof(Health))]
    public Task<IResult> Health([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request) => pipeline.AnswerAsync(request);
}
