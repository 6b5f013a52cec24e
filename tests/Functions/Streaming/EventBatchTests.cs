using System.Text;
using System.Text.Json;
using PasientensMaledata.Functions.Streaming;

namespace PasientensMaledata.Tests.Functions.Streaming;

/// <summary>What the Functions host posts, letter by letter: arrays are JSON inside a JSON string, and nothing is said of the bodies' type.</summary>
public sealed class EventBatchTests
{
    private const string Context = """{"IsCheckpointingAfterInvocation":true,"FullyQualifiedNamespace":"example.servicebus.windows.net","EventHubName":"measurements","ConsumerGroup":"$Default","PartitionId":"3"}""";

    private const string ManyMetadata = """
        "Metadata":{"TriggerPartitionContext":CONTEXT,"PartitionContext":CONTEXT,
        "PartitionKeyArray":"[\"clinic-a\",null]","OffsetArray":"[\"100\",\"200\"]","OffsetStringArray":"[\"100\",\"200\"]","SequenceNumberArray":"[41,42]",
        "EnqueuedTimeUtcArray":"[\"2026-01-02T03:04:05.678\",\"2026-01-02T03:04:06\"]",
        "PropertiesArray":"[{\"content-type\":\"application/json\",\"Content-Encoding\":\"gzip\",\"n\":5},{}]",
        "SystemPropertiesArray":"[{\"x-opt-publisher\":\"clinic-a\",\"x-opt-partition-key\":\"clinic-a\",\"SequenceNumber\":41,\"Offset\":100,\"PartitionKey\":\"clinic-a\",\"EnqueuedTimeUtc\":\"2026-01-02T03:04:05.678\"},{\"SequenceNumber\":42,\"content-encoding\":\"gzip\"}]",
        "sys":{"MethodName":"IngestStream","UtcNow":"2026-11-23T18:15:53.1004418Z","RandGuid":"6f8b7b0e-0000-4000-8000-000000000000"}}
        """;

    [Fact]
    public void Many_as_text()
    {
        var batch = Read("""{"Data":{"events":"[\"{\\\"resourceType\\\":\\\"Bundle\\\",\\\"ø\\\":\\\"æ\\\\nå\\\"}\",\"not json\"]"},MANY}""");
        Assert.Equal(("measurements", "3", 0), (batch.Hub, batch.Partition, batch.Retry));
        Assert.Equal(["""{"resourceType":"Bundle","ø":"æ\nå"}""", "not json"], batch.Events.Select(e => Encoding.UTF8.GetString(e.Body.Span)));
        Assert.Equal([(41L, "clinic-a", true), (42L, null, true)], batch.Events.Select(e => (e.SequenceNumber, e.Publisher, e.IsGzip)));
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc), batch.Events[0].Enqueued);
        Assert.Equal(DateTimeKind.Utc, batch.Events[1].Enqueued.Kind);
    }

    [Fact]
    public void Many_as_bytes_of_any_kind()
    {
        byte[] bytes = [0xff, 0x00, 0xfe, 0x22];
        var batch = Read("""{"Data":{"events":"[\"eyJpZCI6IjEifQ==\",\"/wD+Ig==\"]"},MANY}""");
        Assert.Equal("""{"id":"1"}""", Encoding.UTF8.GetString(batch.Events[0].Body.Span));
        Assert.Equal(bytes, batch.Events[1].Body.ToArray());
    }

    [Fact]
    public void An_isolated_workers_bodies_and_binding_data_give_the_same_as_what_is_posted()
    {
        var posted = Read("""{"Data":{"events":"[\"eyJpZCI6IjEifQ==\",\"/wD+Ig==\"]"},MANY}""");
        byte[][] bodies = [[.. posted.Events[0].Body.Span], [.. posted.Events[1].Body.Span]];
        var metadata = System.Text.Json.Nodes.JsonNode.Parse(Full("{MANY}"))!["Metadata"]!.AsObject()
            .ToDictionary(m => m.Key, m => (object?)(m.Value is System.Text.Json.Nodes.JsonValue value ? (string?)value : m.Value!.ToJsonString()), StringComparer.OrdinalIgnoreCase);
        Same(EventBatch.Of(bodies, metadata, 3));

        // Numbers may come as numbers, and texts as texts.
        metadata["SequenceNumberArray"] = new long[] { 41, 42 };
        metadata["EnqueuedTimeUtcArray"] = new[] { "2026-01-02T03:04:05.678", "2026-01-02T03:04:06" };
        metadata["PartitionContext"] = null;
        Same(EventBatch.Of(bodies, metadata, 3));

        metadata.Remove("TriggerPartitionContext");
        Assert.ThrowsAny<JsonException>(() => EventBatch.Of(bodies, metadata, 0));

        void Same(EventBatch batch)
        {
            Assert.Equal((posted.Hub, posted.Partition, 3), (batch.Hub, batch.Partition, batch.Retry));
            Assert.Equal(
                posted.Events.Select(e => (Convert.ToHexString(e.Body.Span), e.Publisher, e.IsGzip, e.SequenceNumber, e.Enqueued)),
                batch.Events.Select(e => (Convert.ToHexString(e.Body.Span), e.Publisher, e.IsGzip, e.SequenceNumber, e.Enqueued)));
        }
    }

    [Fact]
    public void One_as_text_where_members_of_the_body_stand_among_the_metadata()
    {
        var batch = Read("""
            {"Data":{"events":"\"{\\\"id\\\":\\\"e1\\\"}\""},"Metadata":{"PartitionContext":CONTEXT,"PartitionKey":"\"clinic-a\"","Offset":"\"100\"","SequenceNumber":"41",
            "EnqueuedTimeUtc":"2026-01-02T03:04:05","Properties":{"content-encoding":"gzip"},"SystemProperties":{"x-opt-publisher":"clinic-a"},"id":"\"e1\"","deep":{"a":[1,{"b":null}]}}}
            """);
        var only = Assert.Single(batch.Events);
        Assert.Equal("""{"id":"e1"}""", Encoding.UTF8.GetString(only.Body.Span));
        Assert.Equal((41L, true, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc)), (only.SequenceNumber, only.IsGzip, only.Enqueued));
    }

    [Fact]
    public void One_as_bytes()
    {
        var batch = Read("""{"Data":{"events":"eyJpZCI6ImUxIn0="},"Metadata":{"PartitionContext":CONTEXT,"SequenceNumber":"41","EnqueuedTimeUtc":"2026-01-02T03:04:05"}}""");
        Assert.Equal("""{"id":"e1"}""", Encoding.UTF8.GetString(Assert.Single(batch.Events).Body.Span));
    }

    [Fact]
    public void A_body_that_is_handed_on_alone_cannot_name_its_own_publisher()
    {
        var batch = Read("""{"Data":{"events":"\"{\\\"SystemProperties\\\":{\\\"x-opt-publisher\\\":\\\"clinic-b\\\"}}\""},"Metadata":{"PartitionContext":CONTEXT,"SequenceNumber":"41","EnqueuedTimeUtc":"2026-01-02T03:04:05","SystemProperties":{"x-opt-publisher":"clinic-b"}}}""");
        Assert.Null(Assert.Single(batch.Events).Publisher);
    }

    [Fact]
    public void A_partition_key_or_a_property_names_no_publisher()
    {
        var text = Full("""{"Data":{"events":"[\"e30=\",\"e30=\"]"},MANY}""")
            .Replace("\\\"x-opt-publisher\\\":\\\"clinic-a\\\",", "", StringComparison.Ordinal)
            .Replace("\\\"n\\\":5", "\\\"x-opt-publisher\\\":\\\"clinic-a\\\"", StringComparison.Ordinal);
        Assert.All(Read(text).Events, e => Assert.Null(e.Publisher));
    }

    [Fact]
    public void Properties_may_be_left_out_and_a_retry_tells_its_count()
    {
        var text = """
            {"Data":{"events":"[null,\"e30=\",{\"a\":1}]"},"Metadata":{"PartitionContext":CONTEXT,"SequenceNumberArray":"[1,2,3]",
            "EnqueuedTimeUtcArray":"[\"2026-01-02T03:04:05\",\"2026-01-02T03:04:05\",\"2026-01-02T03:04:05\"]",
            "RetryContext":{"RetryCount":2,"MaxRetryCount":-1,"Exception":{"ClassName":"System.Exception","Message":"…"},"Instance":null,"State":{}} } }
            """;
        var batch = Read(text);
        Assert.Equal(2, batch.Retry);
        Assert.Equal(["", "{}", """{"a":1}"""], batch.Events.Select(e => Encoding.UTF8.GetString(e.Body.Span)));
    }

    [Theory]
    [InlineData("SystemPropertiesArray", """[{"x-opt-publisher":"clinic-a"}]""")]
    [InlineData("SystemPropertiesArray", "{}")]
    [InlineData("PropertiesArray", "[{},{},{}]")]
    public void An_array_that_does_not_fit_the_events_says_whose_none_of_them_is_and_the_batch_is_tried_again(string name, string array)
    {
        var text = """{"Data":{"events":"[\"e30=\",\"e30=\"]"},"Metadata":{"PartitionContext":CONTEXT,"SequenceNumberArray":"[1,2]","EnqueuedTimeUtcArray":"[\"2026-01-02T03:04:05\",\"2026-01-02T03:04:05\"]","NAME":"ARRAY"}}""";
        var batch = text.Replace("NAME", name, StringComparison.Ordinal);
        Assert.Throws<JsonException>(() => Read(batch.Replace("ARRAY", array.Replace("\"", "\\\"", StringComparison.Ordinal), StringComparison.Ordinal)));
        Assert.Equal(2, Read(batch.Replace("ARRAY", "[{},{}]", StringComparison.Ordinal)).Events.Count);
    }

    [Fact]
    public void Half_a_surrogate_pair_harms_no_neighbour()
    {
        var batch = Read("""{"Data":{"events":"[\"{\\\"a\\\":\\\"x\\\"}\",\"\\ud800 {\"]"},MANY}""");
        Assert.Equal("""{"a":"x"}""", Encoding.UTF8.GetString(batch.Events[0].Body.Span));
        Assert.Equal(2, batch.Events.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Data":{}}""")]
    [InlineData("""{"Data":{"events":[]}}""")]
    [InlineData("""{"Data":{"events":"[\"e30=\"]"},"Metadata":{}}""")]
    [InlineData("""{"Data":{"events":"[\"e30=\"]"},"Metadata":{"PartitionContext":{"EventHubName":"a","PartitionId":"0"},"SequenceNumberArray":"[]","EnqueuedTimeUtcArray":"[]"}}""")]
    [InlineData("""{"Data":{"events":"[\"e30=\"]"},"Metadata":{"PartitionContext":{"EventHubName":"a","PartitionId":"0"},"SequenceNumberArray":"[\"x\"]","EnqueuedTimeUtcArray":"[\"2026-01-02\"]"}}""")]
    [InlineData("""{"Data":{"events":"[\"e30=\""},"Metadata":{}}""")]
    public void What_no_host_posts_is_told_apart(string body) => Assert.ThrowsAny<JsonException>(() => Read(body));

    private static EventBatch Read(string body) => EventBatch.Read(Encoding.UTF8.GetBytes(Full(body)));

    // The long parts, which are the same in all.
    private static string Full(string body) => body.Replace("MANY", ManyMetadata, StringComparison.Ordinal).Replace("CONTEXT", Context, StringComparison.Ordinal);
}
