using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using PasientensMaledata.Access;
using PasientensMaledata.Identity;

namespace PasientensMaledata.AccessLog;

/// <summary>
/// An event as one line of JSON, the form in which it is journalled, hashed and shown: members in a fixed order, empty ones left out, texts cut at
/// <see cref="Limits.MaxLoggedText"/>. <c>docs/log.md</c> names the members. The line carries a random salt, so that a hash of it tells nothing
/// to one who guesses at its content.
/// </summary>
public static class EventLine
{
    /// <summary>Version of the form: member <c>v</c>.</summary>
    public const int Version = 1;

    /// <summary>Bytes of the salt.</summary>
    public const int SaltSize = 16;

    // Letters stay letters; what HTML or a spreadsheet would take for its own is escaped.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All), SkipValidation = true };

    /// <summary>Writes an event as a line, its end included.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="logged">The event.</param>
    /// <param name="salt">16 random bytes.</param>
    public static void Write(IBufferWriter<byte> output, AccessEvent logged, ReadOnlySpan<byte> salt)
    {
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("v", Version);
            json.WriteString("s", Convert.ToHexStringLower(salt));
            json.WriteString("i", logged.Id.ToString("n"));
            Text(json, "c", logged.CorrelationId);
            json.WriteString("t", logged.Time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("a", EventWords.Of(logged.Action));
            json.WriteString("o", logged.Outcome == AccessOutcome.Permitted ? "ok" : "no");
            Text(json, "r", logged.Reason);
            if (logged.Patient is { } patient)
            {
                json.WriteString("p", Hex(patient));
            }

            WriteParts(json, logged);
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    /// <summary>Writes an event as a line with a new random salt.</summary>
    public static void Write(IBufferWriter<byte> output, AccessEvent logged)
    {
        Span<byte> salt = stackalloc byte[SaltSize];
        RandomNumberGenerator.Fill(salt);
        Write(output, logged, salt);
    }

    /// <summary>Reads what places an event: whose it is, and when. False where it is no line of an event.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="patient">Whose data; null where it is about nobody known.</param>
    /// <param name="time">When, UTC.</param>
    public static bool TryPlace(ReadOnlySpan<byte> line, out PatientKey? patient, out DateTime time)
    {
        patient = null;
        time = default;
        try
        {
            var json = new Utf8JsonReader(line);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            var timed = false;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var (isTime, isPatient) = (json.ValueTextEquals("t"u8), json.ValueTextEquals("p"u8));
                json.Read();
                if (isTime)
                {
                    timed = TryTime(json.GetString(), out time);
                }
                else if (isPatient)
                {
                    if (!TryPatient(json.GetString(), out var key))
                    {
                        return false;
                    }

                    patient = key;
                }
                else
                {
                    json.Skip();
                }
            }

            return timed && json.TokenType == JsonTokenType.EndObject;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Reads an event.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <exception cref="FormatException">It is no line of an event of this version. The message holds nothing of it.</exception>
    public static AccessEvent Read(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException or IndexOutOfRangeException)
        {
            throw new FormatException("This is no line of an event.", e);
        }
    }

    /// <summary>The salt of a line.</summary>
    /// <exception cref="FormatException">It has none.</exception>
    public static string SaltOf(ReadOnlyMemory<byte> line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.TryGetProperty("s", out var salt) ? salt.GetString()! : throw new FormatException("This is no line of an event.");
    }

    /// <summary>A patient's key as 32 hexadecimal characters.</summary>
    public static string Hex(PatientKey patient)
    {
        Span<byte> bytes = stackalloc byte[PatientKey.Size];
        patient.Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    private static bool TryPatient(string? text, out PatientKey patient)
    {
        Span<byte> bytes = stackalloc byte[PatientKey.Size];
        var read = text is { Length: PatientKey.Size * 2 } && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done;
        patient = read ? PatientKey.Read(bytes) : default;
        return read;
    }

    private static bool TryTime([NotNullWhen(true)] string? text, out DateTime time) =>
        DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out time);

    private static void WriteParts(Utf8JsonWriter json, AccessEvent logged)
    {
        if (logged.Client is { } client)
        {
            json.WriteStartObject("cl");
            Text(json, "id", client.Id);
            Text(json, "n", client.Name);
            Text(json, "org", client.Organisation);
            Text(json, "sup", client.Supplier);
            Text(json, "src", client.SourceSystem);
            json.WriteEndObject();
        }

        if (logged.Practitioner is { } practitioner)
        {
            json.WriteStartObject("pr");
            Text(json, "n", practitioner.Name);
            Text(json, "hpr", practitioner.Hpr);
            Text(json, "k", practitioner.Key.ToString());
            Text(json, "auth", practitioner.Authorization);
            json.WriteEndObject();
        }

        if (logged.Attest is { } attest)
        {
            json.WriteStartObject("at");
            Code(json, "le", attest.LegalEntity);
            Code(json, "poc", attest.PointOfCare);
            Code(json, "dep", attest.Department);
            Code(json, "hs", attest.HealthcareService);
            Code(json, "pou", attest.PurposeOfUse);
            Code(json, "det", attest.PurposeDetails);
            Text(json, "ref", attest.DecisionId);
            if (attest.UserSelected is { } selected)
            {
                json.WriteBoolean("sel", selected);
            }

            Text(json, "b", attest.Basis);
            json.WriteEndObject();
        }

        if (logged.LookUp is { } lookUp)
        {
            json.WriteStartObject("lu");
            Texts(json, "c", lookUp.Concepts);
            Instant(json, "f", lookUp.From);
            Instant(json, "t", lookUp.To);
            Texts(json, "ids", lookUp.Returned);
            Texts(json, "rc", lookUp.ReturnedConcepts);
            json.WriteNumber("w", lookUp.Withheld);
            json.WriteBoolean("op", lookUp.Opened);
            json.WriteEndObject();
        }

        if (logged.Citizen is { } citizen)
        {
            json.WriteStartObject("ci");
            Text(json, "rel", citizen.Relation);
            Text(json, "k", citizen.Acting.ToString());
            json.WriteEndObject();
        }

        if (logged.Submission is { } submission)
        {
            json.WriteStartObject("su");
            Text(json, "id", submission.Id);
            Text(json, "by", submission.Sender.ToString());
            Text(json, "via", submission.Origin);
            json.WriteStartArray("e");
            foreach (var entry in submission.Entries)
            {
                json.WriteStartArray();
                foreach (var field in (ReadOnlySpan<string>)[entry.Identity, entry.Outcome, entry.Reason, entry.Concept, entry.Controller, entry.Municipality, entry.Delay])
                {
                    json.WriteStringValue(Cut(field, Limits.MaxLoggedText));
                }

                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        if (logged.Setting is { } setting)
        {
            // Whole: what is cut could not be replayed.
            json.WriteString("set", setting);
        }

        if (logged.Numbers.Length > 0)
        {
            json.WriteString("sub", logged.Numbers);
        }

        if (logged.Operation is { } operation)
        {
            json.WriteStartObject("do");
            Text(json, "cmd", operation.Command);
            Text(json, "why", operation.Reason);
            json.WriteNumber("n", operation.Count);
            Text(json, "on", operation.Subject);
            json.WriteEndObject();
        }
    }

    private static AccessEvent Read(JsonElement json)
    {
        if (json.GetProperty("v").GetInt32() != Version || !TryTime(json.GetProperty("t").GetString(), out var time))
        {
            throw new FormatException("This is no line of an event of this version.");
        }

        return new()
        {
            Id = Guid.ParseExact(json.GetProperty("i").GetString()!, "n"),
            CorrelationId = Text(json, "c"),
            Time = time,
            Action = EventWords.Action(json.GetProperty("a").GetString()!),
            Outcome = json.GetProperty("o").GetString() == "ok" ? AccessOutcome.Permitted : AccessOutcome.Refused,
            Reason = Text(json, "r"),
            Patient = json.TryGetProperty("p", out var patient)
                ? TryPatient(patient.GetString(), out var key) ? key : throw new FormatException("This is no line of an event.")
                : null,
            Client = Part(json, "cl", c => new LoggedClient(Text(c, "id"), Text(c, "n"), Text(c, "org"), Text(c, "sup"), Text(c, "src"))),
            Practitioner = Part(json, "pr", p => new LoggedPractitioner(Text(p, "n"), Text(p, "hpr"), Key(p), Text(p, "auth"))),
            Attest = Part(json, "at", a => new LoggedAttest(
                Code(a, "le")!,
                Code(a, "poc"),
                Code(a, "dep"),
                Code(a, "hs"),
                Code(a, "pou"),
                Code(a, "det"),
                Text(a, "ref"),
                a.TryGetProperty("sel", out var selected) ? selected.GetBoolean() : null,
                Text(a, "b"))),
            LookUp = Part(json, "lu", l => new LoggedLookUp(
                Texts(l, "c"), Instant(l, "f"), Instant(l, "t"), Texts(l, "ids"), Texts(l, "rc"), l.GetProperty("w").GetInt32(), l.GetProperty("op").GetBoolean())),
            Citizen = Part(json, "ci", c => new LoggedCitizen(Text(c, "rel"), Key(c))),
            Submission = Part(json, "su", s => new LoggedSubmission(
                Text(s, "id"), new SenderId(Text(s, "by")), Text(s, "via"), [.. s.GetProperty("e").EnumerateArray().Select(Entry)])),
            Setting = json.TryGetProperty("set", out var setting) ? setting.GetString() : null,
            Operation = Part(json, "do", o => new LoggedOperation(Text(o, "cmd"), Text(o, "why"), o.GetProperty("n").GetInt32(), Text(o, "on"))),
            Numbers = Text(json, "sub"),
        };
    }

    private static LoggedEntry Entry(JsonElement json) =>
        json.EnumerateArray().Select(f => f.GetString()!).ToArray() is [var identity, var outcome, var reason, var concept, var controller, var municipality, var delay]
            ? new(identity, outcome, reason, concept, controller, municipality, delay)
            : throw new FormatException("This is no line of an event.");

    private static T? Part<T>(JsonElement json, string name, Func<JsonElement, T> read)
        where T : class => json.TryGetProperty(name, out var part) ? read(part) : null;

    // The default key is nobody: 32 zeros.
    private static PractitionerKey Key(JsonElement json) => PractitionerKey.TryParse(Text(json, "k"), out var key) ? key : default;

    private static void Text(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0)
        {
            json.WriteString(name, Cut(value, Limits.MaxLoggedText));
        }
    }

    private static string Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString()! : "";

    private static void Texts(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(Cut(value, Limits.MaxLoggedText));
        }

        json.WriteEndArray();
    }

    private static IReadOnlyList<string> Texts(JsonElement json, string name) =>
        json.TryGetProperty(name, out var values) ? [.. values.EnumerateArray().Select(v => v.GetString()!)] : [];

    private static void Instant(Utf8JsonWriter json, string name, DateTime? value)
    {
        if (value is { } instant)
        {
            json.WriteString(name, instant.ToString("O", CultureInfo.InvariantCulture));
        }
    }

    private static DateTime? Instant(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? TryTime(value.GetString(), out var time) ? time : throw new FormatException("This is no line of an event.") : null;

    private static void Code(Utf8JsonWriter json, string name, LoggedCode? code)
    {
        if (code is null)
        {
            return;
        }

        json.WriteStartArray(name);
        json.WriteStringValue(Cut(code.Code, Limits.MaxLoggedText));
        json.WriteStringValue(Cut(code.System, Limits.MaxLoggedText));
        json.WriteStringValue(Cut(code.Text, Limits.MaxLoggedText));
        json.WriteEndArray();
    }

    private static LoggedCode? Code(JsonElement json, string name) =>
        json.TryGetProperty(name, out var code) ? new(code[0].GetString()!, code[1].GetString()!, code[2].GetString()!) : null;

    /// <summary>At most so many characters, whole ones: half a surrogate pair becomes U+FFFD.</summary>
    private static string Cut(string text, int most)
    {
        var isWhole = text.Length <= most;
        for (var i = 0; isWhole && i < text.Length; i++)
        {
            isWhole = !char.IsSurrogate(text[i]);
        }

        if (isWhole)
        {
            return text;
        }

        var cut = new System.Text.StringBuilder(most);
        foreach (var rune in text.EnumerateRunes())
        {
            if (cut.Length + rune.Utf16SequenceLength > most)
            {
                break;
            }

            cut.Append(rune);
        }

        return cut.ToString();
    }
}
