using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Participants;

/// <summary>What was read of a file of participants.</summary>
/// <param name="List">The Participants and Agreements; null where there are problems.</param>
/// <param name="Problems">What must be mended.</param>
/// <param name="Remarks">What may be meant, and may be a slip.</param>
public sealed record ParticipantFileRead(ParticipantList? List, IReadOnlyList<FileProblem> Problems, IReadOnlyList<FileProblem> Remarks);

/// <summary>Reads the file of participants and agreements, strictly. Its form is <c>docs/participants.schema.json</c>.</summary>
public static class ParticipantFile
{
    private static readonly IReadOnlyDictionary<string, ParticipantRole> Roles = new Dictionary<string, ParticipantRole>
    {
        ["specialist"] = ParticipantRole.Specialist,
        ["municipal"] = ParticipantRole.Municipal,
        ["gp"] = ParticipantRole.Gp,
        ["gateway"] = ParticipantRole.Gateway,
    };

    /// <summary>The words for the roles.</summary>
    // Stryker disable once Linq : every role has its word
    public static string WordFor(ParticipantRole role) => Roles.First(r => r.Value == role).Key;

    internal static readonly string[] RootMembers = ["$schema", "participants", "agreements"];

    internal static readonly string[] ParticipantMembers =
    [
        "id", "name", "organisation", "units", "role", "region", "healthCommunity", "municipalities", "record", "clients", "enrolled", "dataProcessorAgreement",
        "controller", "serves", "retentionDays",
    ];

    internal static readonly string[] AgreementMembers = ["controller", "organisation", "healthCommunity", "national", "from", "to"];

    /// <summary>Reads it.</summary>
    /// <param name="file">JSON in UTF-8.</param>
    /// <param name="version">The version it becomes.</param>
    public static ParticipantFileRead Read(ReadOnlyMemory<byte> file, int version)
    {
        var problems = new List<FileProblem>();
        var remarks = new List<FileProblem>();
        if (file.Length > Limits.MaxParticipantFileBytes)
        {
            problems.Add(new("", $"The file has more than {Limits.MaxParticipantFileBytes} bytes."));
        }
        else if (StrictJson.Parse(file, problems, RootMembers) is { } root)
        {
            var participants = root.Objects("participants", ParticipantMembers, required: true).Select(o => (Json: o, Read: ReadParticipant(o))).ToList();
            var agreements = root.Objects("agreements", AgreementMembers).Select(o => (Json: o, Read: ReadAgreement(o))).ToList();
            if (problems.Count == 0)
            {
                CheckWhole(participants!, agreements!, remarks);
            }

            if (problems.Count == 0)
            {
                return new(new(version, [.. participants.Select(p => p.Read!)], [.. agreements.Select(a => a.Read!)]), problems, remarks);
            }
        }

        return new(null, problems, remarks);
    }

    private static Participant? ReadParticipant(StrictJson json)
    {
        var id = json.Value<SenderId>("id", required: true, SenderId.TryParse, "1 to 36 characters of a-z, 0-9 and -");
        var name = json.Text("name", required: true);
        var organisation = json.Organisation("organisation", required: true);
        var units = json.Values<OrganisationNumber>("units", OrganisationNumber.TryParse, "an organisation number");
        var role = json.Value<ParticipantRole>("role", required: true, TryParseRole, $"one of {string.Join(", ", Roles.Keys)}");
        var region = json.Text("region", required: false, 64);
        var community = json.Text("healthCommunity", required: false, 64);
        var municipalities = json.Values<MunicipalityNumber>("municipalities", MunicipalityNumber.TryParse, "a municipality number: four digits");
        var record = json.Object("record", required: false, ["name", "organisation"]);
        var vendor = record is null ? null : new RecordVendor(record.Text("name", required: true), record.Organisation("organisation", required: false));
        var clients = json.Objects("clients", ["id", "supplier"]).Select(c => (Json: c, Client: new ParticipantClient(c.Text("id", required: true), c.Organisation("supplier", required: false)))).ToList();
        var enrolled = json.Period("enrolled", required: true);
        var processor = json.Period("dataProcessorAgreement", required: false);
        var isController = json.Flag("controller");
        var serves = json.Values<OrganisationNumber>("serves", OrganisationNumber.TryParse, "an organisation number");

        var retention = json.Number("retentionDays", Limits.MinRetentionDays, Limits.MaxRetentionDays);

        foreach (var twice in clients.GroupBy(c => c.Client).SelectMany(g => g.Skip(1)))
        {
            twice.Json.Problem("", "The client stands twice.");
        }

        if (id == SenderId.Development)
        {
            json.Problem("id", "is kept for open mode.");
        }

        if (municipalities.Length > 0 && !isController)
        {
            json.Problem("municipalities", "are of a controller alone: their tag makes this organisation the Controller.");
        }

        if (retention is not null && !isController)
        {
            json.Problem("retentionDays", "is of a controller alone: others are responsible for no measurements.");
        }

        return id is not { } sender || organisation is not { } number || role is not { } kind || enrolled is not { } period
            ? null
            : new()
            {
                Id = sender,
                Name = name,
                Organisation = number,
                Units = units,
                Role = kind,
                Region = region,
                HealthCommunity = community,
                Municipalities = municipalities,
                Record = vendor,
                Clients = [.. clients.Select(c => c.Client)],
                Enrolled = period,
                DataProcessorAgreement = processor ?? default,
                IsController = isController,
                Serves = serves,
                RetentionDays = retention,
            };
    }

    private static Agreement? ReadAgreement(StrictJson json)
    {
        var controller = json.Organisation("controller", required: true);
        var organisation = json.Organisation("organisation", required: false);
        var community = json.Text("healthCommunity", required: false, 64);
        var national = json.Flag("national");
        if ((json.Has("organisation") ? 1 : 0) + (json.Has("healthCommunity") ? 1 : 0) + (national ? 1 : 0) != 1)
        {
            json.Problem("", "An agreement is with one of organisation, healthCommunity, or national: true.");
        }

        var scope = organisation is not null ? AgreementScope.Organisation : national ? AgreementScope.National : AgreementScope.HealthCommunity;
        var (from, to) = (json.Date("from", required: true), json.Date("to", required: false));
        if (to < from)
        {
            json.Problem("to", "lies before from; it is the last day.");
            return null;
        }

        return controller is { } number && from is { } begins ? new(number, scope, organisation, community, new(begins, to)) : null;
    }

    // What one entry says of another: only looked at where each reads well by itself.
    private static void CheckWhole(List<(StrictJson Json, Participant Read)> participants, List<(StrictJson Json, Agreement Read)> agreements, List<FileProblem> remarks)
    {
        CheckOnce(participants.Select(p => (p.Read.Id, p.Json, "id")));
        CheckOnce(participants.SelectMany(p => p.Read.Units.Select(u => (u, p.Json, "units")).Prepend((p.Read.Organisation, p.Json, "organisation"))));
        foreach (var (json, participant) in participants)
        {
            foreach (var served in participant.Serves.Where(s => !participants.Exists(p => p.Read.Organisation == s && p.Read.IsController)))
            {
                json.Problem("serves", $"names {served}, which is no participant with controller: true.");
            }

            foreach (var municipality in participant.Municipalities)
            {
                if (participants.TakeWhile(p => p.Read != participant).FirstOrDefault(p => p.Read.Municipalities.Contains(municipality) && Overlap(p.Read.Enrolled, participant.Enrolled)) is (not null, var other))
                {
                    json.Problem("municipalities", $"has {municipality}, which {other.Id} has at the same time.");
                }
            }

            if (!participant.DataProcessorAgreement.Holds(participant.Enrolled.From))
            {
                remarks.Add(new($"{json.Where}/dataProcessorAgreement", "is not in force when the enrolment begins; until it is, this organisation can do nothing."));
            }

            if (participant.RetentionDays is { } days)
            {
                remarks.Add(new($"{json.Where}/retentionDays", $"deletes, each night, what was received more than {days} days ago. ./pmd delete --expired --dry-run counts it."));
            }

            if (participant.IsController && !agreements.Exists(a => a.Read.Controller == participant.Organisation && a.Read.Permits(participant, a.Read.Period.From)))
            {
                remarks.Add(new(json.Where, "shares with others only: without an agreement with itself, its own personnel see nothing."));
            }
        }

        foreach (var (json, agreement) in agreements)
        {
            if (!participants.Exists(p => p.Read.Organisation == agreement.Controller && p.Read.IsController))
            {
                json.Problem("controller", "is no participant with controller: true.");
            }

            if (agreement.Organisation is { } consumer && !participants.Exists(p => p.Read.Organisation == consumer))
            {
                json.Problem("organisation", "is no participant.");
            }

            if (agreement.HealthCommunity.Length > 0 && !participants.Exists(p => p.Read.HealthCommunity == agreement.HealthCommunity))
            {
                json.Problem("healthCommunity", "has no participant.");
            }
        }
    }

    private static void CheckOnce<T>(IEnumerable<(T Value, StrictJson Json, string Member)> all)
        where T : struct
    {
        foreach (var twice in all.GroupBy(x => x.Value).SelectMany(g => g.Skip(1)))
        {
            twice.Json.Problem(twice.Member, $"has {twice.Value}, which stands before.");
        }
    }

    private static bool Overlap(DatePeriod one, DatePeriod other) => one.Holds(other.From) || other.Holds(one.From);

    private static bool TryParseRole(string? text, out ParticipantRole role) => Roles.TryGetValue(text!, out role);
}
