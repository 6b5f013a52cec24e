using System.Text.Json;

namespace PasientensMaledata.Observations;

/// <summary>The members of an Observation that the checks look at, found in one pass: to look for each by itself costs more. What is absent has no kind.</summary>
internal readonly struct ObservationMembers
{
    private ObservationMembers(JsonElement observation)
    {
        foreach (var member in observation.EnumerateObject())
        {
            var name = JsonStrings.Name(member);
            switch (name.Length)
            {
                case 4 when name.SequenceEqual("code"u8):
                    Code = member.Value;
                    break;
                case 4 when name.SequenceEqual("meta"u8):
                    Meta = member.Value;
                    break;
                case 6 when name.SequenceEqual("status"u8):
                    Status = member.Value;
                    break;
                case 7 when name.SequenceEqual("subject"u8):
                    Subject = member.Value;
                    break;
                case 8 when name.SequenceEqual("category"u8):
                    Categories = member.Value;
                    break;
                case 9 when name.SequenceEqual("performer"u8):
                    Performers = member.Value;
                    break;
                case 9 when name.SequenceEqual("component"u8):
                    Components = member.Value;
                    break;
                case 9 when name.SequenceEqual("hasMember"u8):
                    HasMember = member.Value;
                    break;
                case 12 when name.SequenceEqual("resourceType"u8):
                    ResourceType = member.Value;
                    break;
                case 14 when name.SequenceEqual("referenceRange"u8):
                    ReferenceRanges = member.Value;
                    break;
                case 16 when name.SequenceEqual("dataAbsentReason"u8):
                    DataAbsentReason = member.Value;
                    break;
                default:
                    if (!HasValue && ConceptRules.IsChoice(name, "value"u8) && !JsonStrings.IsEmpty(member.Value))
                    {
                        (HasValue, Value) = (true, member);
                    }

                    break;
            }
        }
    }

    public JsonElement ResourceType { get; }

    public JsonElement Status { get; }

    public JsonElement Code { get; }

    public JsonElement Meta { get; }

    public JsonElement Subject { get; }

    public JsonElement Categories { get; }

    public JsonElement Performers { get; }

    public JsonElement Components { get; }

    public JsonElement HasMember { get; }

    public JsonElement ReferenceRanges { get; }

    public JsonElement DataAbsentReason { get; }

    /// <summary>Whether there is a <c>value[x]</c>; empty strings are none.</summary>
    public bool HasValue { get; }

    /// <summary>The <c>value[x]</c> with its name, where there is one.</summary>
    public JsonProperty Value { get; }

    /// <summary>Finds the members of a JSON object.</summary>
    public static ObservationMembers Read(JsonElement observation) => new(observation);
}
