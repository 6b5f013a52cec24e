namespace PasientensMaledata;

/// <summary>Every limit a caller can meet. <c>docs/limits.md</c> and <c>/metadata</c> tell the same figures.</summary>
public static class Limits
{
    /// <summary>Bytes of a request body, after decompression.</summary>
    public const int MaxBodyBytes = 33_554_432;

    /// <summary>Bytes of a batch of events as the Functions host posts it: <see cref="MaxBatchEvents"/> events of 1 MiB, whatever is in them.</summary>
    public const int MaxBatchBytes = 536_870_912;

    /// <summary>Events in a batch: <c>maxEventBatchSize</c> in host.json. An event's properties take up to seven times their size as the host writes them.</summary>
    public const int MaxBatchEvents = 64;

    /// <summary>Bytes of a request line: a page link has its search in it.</summary>
    public const int MaxRequestLineBytes = 32_768;

    /// <summary>Bytes of all request headers.</summary>
    public const int MaxHeaderBytes = 65_536;

    /// <summary>Entries in a Bundle.</summary>
    public const int MaxBundleEntries = 10_000;

    /// <summary>Bytes of one Observation.</summary>
    public const int MaxObservationBytes = 262_144;

    /// <summary>Depth of nested JSON objects and arrays, counted from the Observation.</summary>
    public const int MaxJsonDepth = 32;

    /// <summary>Characters of one JSON string in an Observation, <c>text.div</c> and attachments' <c>data</c> aside.</summary>
    public const int MaxStringLength = 16_384;

    /// <summary>Codings in <c>Observation.code</c>.</summary>
    public const int MaxCodings = 20;

    /// <summary>Items of any other list in an Observation.</summary>
    public const int MaxListItems = 200;

    /// <summary>Issues told of one Observation; the first ones, errors before warnings.</summary>
    public const int MaxIssues = 50;

    /// <summary>How far ahead of the server's clock a measurement may lie.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromHours(24);

    /// <summary>Versions of one Observation.</summary>
    public const int MaxVersions = 1_000;

    /// <summary>Patients whose rows one request works on at the same time.</summary>
    public const int MaxParallelPatients = 64;

    /// <summary>Rows that one request reads one by one at the same time.</summary>
    public const int MaxParallelReads = 16;

    /// <summary>Batches of one patient under way at the same time.</summary>
    public const int MaxParallelBatches = 4;

    /// <summary>Times a write is tried where others write the same rows or storage stays away.</summary>
    public const int MaxAttempts = 8;

    /// <summary>How far apart the clocks of two processes may be without a poller missing a change.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of a search form.</summary>
    public const int MaxSearchFormBytes = 16_384;

    /// <summary>Parameters in a search.</summary>
    public const int MaxSearchParameters = 100;

    /// <summary>Observations in one answer, and the largest <c>_count</c>.</summary>
    public const int MaxPageSize = 1_000;

    /// <summary>Matches that <c>_sort=date</c> (oldest first) can order.</summary>
    public const int MaxSortedMatches = 10_000;

    /// <summary>Matches that <c>_summary=count</c> counts.</summary>
    public const int MaxCountedMatches = 1_000_000;

    /// <summary>Largest <c>max</c> of <c>$lastn</c>.</summary>
    public const int MaxLastN = 100;

    /// <summary>Days of refused Submissions that one list spans.</summary>
    public const int MaxRefusedDays = 100;

    /// <summary>How long a page link lives.</summary>
    public static readonly TimeSpan PageLinkLifetime = TimeSpan.FromMinutes(15);

    /// <summary>Characters of an access token.</summary>
    public const int MaxTokenLength = 16_384;

    /// <summary>Characters of a DPoP proof.</summary>
    public const int MaxProofLength = 8_192;

    /// <summary>Characters of the <c>jti</c> of a DPoP proof.</summary>
    public const int MaxProofIdLength = 256;

    /// <summary>Characters of the name of a person or client out of a token; what is longer is cut.</summary>
    public const int MaxNameLength = 200;

    /// <summary>Characters of an identifier, code or system in an attest.</summary>
    public const int MaxAttestCodeLength = 128;

    /// <summary>Characters of <c>decision_ref.id</c> in an attest.</summary>
    public const int MaxAttestReferenceLength = 256;

    /// <summary>Characters of a text for people in an attest; what is longer is cut.</summary>
    public const int MaxAttestWordsLength = 200;

    /// <summary>Patients in an attest.</summary>
    public const int MaxAttestPatients = 100;

    /// <summary>A write commits at most so long after the moment it is stamped with, else it is stamped anew.</summary>
    public static readonly TimeSpan CommitWindow = TimeSpan.FromSeconds(10);

    /// <summary>Age of an attest (ATT-58).</summary>
    public static readonly TimeSpan MaxAttestAge = TimeSpan.FromMinutes(60);

    /// <summary>Different patients that one practitioner may look up within a clock hour.</summary>
    public const int MaxPatientsPerPractitionerHour = 150;

    /// <summary>Different patients that may be looked up from one client within a clock hour.</summary>
    public const int MaxPatientsPerClientHour = 5_000;

    /// <summary>Characters of the name by which a citizen knows whom they block.</summary>
    public const int MaxBlockName = 100;

    /// <summary>Events in one answer of a citizen's log.</summary>
    public const int MaxLogPage = 200;

    /// <summary>Events of the log on the readable page of a citizen's export; the file beside it has all.</summary>
    public const int MaxExportedOnPage = 1_000;

    /// <summary>Bytes of a body that changes a setting.</summary>
    public const int MaxSettingBytes = 16_384;

    /// <summary>Blocks that one citizen may have in force.</summary>
    public const int MaxBlocks = 200;

    /// <summary>Bytes of a file of participants.</summary>
    public const int MaxParticipantFileBytes = 4_194_304;

    /// <summary>Fewest days that a Controller may have its Observations kept: a slip of the pen must not empty everything in a night.</summary>
    public const int MinRetentionDays = 30;

    /// <summary>Most days: a hundred years.</summary>
    public const int MaxRetentionDays = 36_500;

    /// <summary>How long the participants that were last read are relied on while they cannot be read anew.</summary>
    public static readonly TimeSpan MaxParticipantsAge = TimeSpan.FromSeconds(60);

    /// <summary>How long ago privacy settings may last have been loaded whole from Helsenorge's privacy component, where that is the master.</summary>
    public static readonly TimeSpan MaxSettingsAge = TimeSpan.FromHours(48);

    /// <summary>Characters of a name or code that is logged; longer ones are cut.</summary>
    public const int MaxLoggedText = 200;

    /// <summary>What a caller can meet, in words: <c>/metadata</c> and <c>docs/limits.md</c> are made from it.</summary>
    public static IReadOnlyList<(string Meaning, string Figure, string Past)> All { get; } =
    [
        ("Bytes of a body, after decompression", $"{MaxBodyBytes}", "413"),
        ("Bytes of a request line", $"{MaxRequestLineBytes}", "414"),
        ("Bytes of all request headers", $"{MaxHeaderBytes}", "431"),
        ("Entries in a Bundle", $"{MaxBundleEntries}", "400"),
        ("Bytes of an Observation", $"{MaxObservationBytes}", "422 for the entry"),
        ("Levels of nesting in an Observation", $"{MaxJsonDepth}", "422 for the entry"),
        ("Characters of a string in an Observation", $"{MaxStringLength}", "422 for the entry"),
        ("Codings of Observation.code", $"{MaxCodings}", "422 for the entry"),
        ("Items of any other list in an Observation", $"{MaxListItems}", "422 for the entry"),
        ("Hours a measurement may lie ahead of the clock", $"{MaxAhead.TotalHours:0}", "422 for the entry"),
        ("Versions of an Observation", $"{MaxVersions}", "422 for the entry"),
        ("Bytes of a search form", $"{MaxSearchFormBytes}", "413"),
        ("Parameters in a search", $"{MaxSearchParameters}", "400"),
        ("Observations in an answer, and largest _count", $"{MaxPageSize}", "fewer are given, with a link or a remark"),
        ("Matches that _sort=date orders", $"{MaxSortedMatches}", "400"),
        ("Matches that _summary=count counts", $"{MaxCountedMatches}", "400"),
        ("Largest max of $lastn", $"{MaxLastN}", "400"),
        ("Days in a list of what was refused", $"{MaxRefusedDays}", "400"),
        ("Minutes a page link lives", $"{PageLinkLifetime.TotalMinutes:0}", "410"),
        ("Seconds from a version's stamp to its commit", $"{CommitWindow.TotalSeconds:0}", "it is stamped anew"),
        ("Characters of an access token", $"{MaxTokenLength}", "401"),
        ("Characters of a DPoP proof", $"{MaxProofLength}", "401"),
        ("Characters of jti in a DPoP proof", $"{MaxProofIdLength}", "401"),
        ("Characters of an identifier, code or system in an attest", $"{MaxAttestCodeLength}", "the part counts as wrong"),
        ("Characters of decision_ref.id in an attest", $"{MaxAttestReferenceLength}", "it counts as missing"),
        ("Patients in an attest", $"{MaxAttestPatients}", "the attest counts as wrong"),
        ("Characters of a name in a token", $"{MaxNameLength}", "it is cut"),
        ("Characters of a text for people in an attest", $"{MaxAttestWordsLength}", "it is cut"),
        ("Minutes of age of an attest", $"{MaxAttestAge.TotalMinutes:0}", "403"),
        ("Different patients for a practitioner within a clock hour", $"{MaxPatientsPerPractitionerHour}", "429"),
        ("Different patients for a client within a clock hour", $"{MaxPatientsPerClientHour}", "429"),
        ("Events in an answer of the citizen's log", $"{MaxLogPage}", "400"),
        ("Bytes of a body that changes a setting", $"{MaxSettingBytes}", "400"),
        ("Characters of the name of one who is blocked", $"{MaxBlockName}", "400"),
        ("Blocks of a citizen in force", $"{MaxBlocks}", "422"),
        ("Bytes of a file of participants", $"{MaxParticipantFileBytes}", "refused"),
        ("Days that a controller's measurements are kept (retentionDays), fewest", $"{MinRetentionDays}", "refused"),
        ("Days that a controller's measurements are kept (retentionDays), most", $"{MaxRetentionDays}", "refused"),
        ("Seconds that participants last read are relied on", $"{MaxParticipantsAge.TotalSeconds:0}", "503"),
        ("Hours that privacy settings last loaded whole from Helsenorge are relied on, where it is the master", $"{MaxSettingsAge.TotalHours:0}", "503"),
    ];
}
