using System.Text.Json.Nodes;
using PasientensMaledata.Functions;
using PasientensMaledata.Packaging;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Tests.Infrastructure;

/// <summary>What the template promises, read from what is sent to Azure.</summary>
public sealed class TemplateTests(Template template) : IClassFixture<Template>
{
    private const string Account = "Microsoft.Storage/storageAccounts";
    private const string Role = "Microsoft.Authorization/roleAssignments";

    [Fact]
    public void It_builds_without_a_warning() => Assert.Equal("", template.Said);

    [Theory]
    [InlineData("test")]
    [InlineData("production")]
    public void The_parameters_of_each_environment_fit(string environment)
    {
        var (said, file) = Template.Build("build-params", $"{environment}.bicepparam");
        Assert.Equal("", said);
        var parameters = file["parameters"]!.AsObject();
        Assert.Equal(environment, (string?)parameters["environmentName"]!["value"]);
        Assert.NotEqual(true, (bool?)parameters["lockLog"]?["value"]);
        Assert.Equal(environment == "production" ? "strict" : "synthetic", (string?)parameters["numbers"]!["value"]);
        Assert.Equal(environment == "production", (bool?)parameters["zoneRedundant"]!["value"]);
        Assert.Equal("norwayeast", (string?)parameters["location"]!["value"]);
        Assert.All(parameters["authentication"]!["value"]!.AsObject(), s => Assert.StartsWith("Auth__", s.Key, StringComparison.Ordinal));
    }

    [Fact]
    public void No_account_takes_public_reads_keys_plain_HTTP_or_old_TLS()
    {
        Assert.NotEmpty(template.Of(Account));
        foreach (var account in template.Of(Account).Select(a => a["properties"]!))
        {
            Assert.False((bool)account["allowBlobPublicAccess"]!);
            Assert.False((bool)account["allowSharedKeyAccess"]!);
            Assert.True((bool)account["supportsHttpsTrafficOnly"]!);
            Assert.Equal("TLS1_2", (string?)account["minimumTlsVersion"]);
            Assert.Equal("Deny", (string?)account["networkAcls"]!["defaultAction"]);
            Assert.Equal("None", (string?)account["networkAcls"]!["bypass"]);
            Assert.Equal("[if(empty(parameters('readerAddressRanges')), 'Disabled', 'Enabled')]", (string?)account["publicNetworkAccess"]);
        }

        Assert.All(template.Of(Account + "/blobServices/containers"), c => Assert.Equal("None", (string?)c["properties"]!["publicAccess"]));
    }

    [Theory]
    [InlineData("data")]
    [InlineData("log")]
    [InlineData("host")]
    public void Only_the_account_of_statistics_has_readers_outside_the_network(string module)
    {
        Assert.Null(template.Given(module, "readerAddressRanges"));
        Assert.NotNull(template.Given("statistics", "readerAddressRanges"));
    }

    [Fact]
    public void The_log_takes_appends_and_nothing_else_for_its_time_and_is_not_deleted_by_age_after_it()
    {
        var policy = template.Of(Account + "/blobServices/containers/immutabilityPolicies").Single()["properties"]!;
        Assert.True((bool)policy["allowProtectedAppendWrites"]!);
        Assert.Equal("[parameters('retentionDays')]", (string?)policy["immutabilityPeriodSinceCreationInDays"]);
        Assert.Equal("[parameters('logRetentionDays')]", (string?)template.Given("immutability", "retentionDays"));
        Assert.Equal("[variables('logContainers')]", (string?)template.Given("immutability", "containers"));
        Assert.Equal(["journal", "sequence", "tile", "checkpoint"], template.Json["variables"]!["logContainers"]!.AsArray().Select(c => (string)c!));

        // Every proof stands on the hashes of the oldest events.
        Assert.Empty(template.Given("log", "lifecycleRules")!.AsArray());
    }

    [Fact]
    public void Every_container_that_the_program_writes_to_is_there_in_the_account_where_it_looks()
    {
        Assert.Equal(OpenedStorage.LogContainers, Containers("logContainers"));
        Assert.Equal(OpenedStorage.StatisticsContainers, Containers("statisticsContainers"));
        Assert.Contains(PasientensMaledata.Statistics.RawExport.Container, Containers("readContainers"));
        Assert.Contains(PasientensMaledata.Statistics.OpenExport.Container, Containers("readContainers"));

        // Names of blobs as they stand in the code: new("folder/...") and Prefix = "folder/".
        var source = Directory.EnumerateFiles(Path.Combine(Hosting.Package.Root, "shared"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal)).Select(File.ReadAllText)
            .SelectMany(t => System.Text.RegularExpressions.Regex.Matches(t, @"(?:BlobName \w+ = new\(|Prefix = )""([a-z-]+)/").Select(m => m.Groups[1].Value)).Distinct().ToList();
        Assert.Contains("keys", source);
        Assert.All(source, c => Assert.Contains(c, Containers("dataContainers").Concat(Containers("logContainers")).Concat(Containers("statisticsContainers"))));

        IEnumerable<string> Containers(string variable) => template.Json["variables"]![variable]!.AsArray().Select(c => (string)c!);
    }

    [Fact]
    public void Roles_are_these_each_at_its_scope_and_no_others()
    {
        var roles = template.Of(Role).Select(r => ((string)r["scope"]!, Scope((string)r["scope"]!))).Select(r => r.Item2).Order(StringComparer.Ordinal);
        Assert.Equal(
            new[] { "Microsoft.EventHub/namespaces/eventhubs", "Microsoft.Insights/components", "Microsoft.KeyVault/vaults", Account, Account + "/blobServices/containers", Account + "/blobServices/containers", Account + "/blobServices/containers", Account + "/blobServices/containers", Account + "/tableServices/tables" }.Order(StringComparer.Ordinal),
            roles);
        var ids = template.Json["variables"]!["roles"]!.AsObject().ToDictionary(r => r.Key, r => (string)r.Value!);

        // Azure's built-in roles: none that owns, grants or reads all.
        Assert.Equal("ba92f5b4-2d11-453d-a403-e96b0029c9fe", ids["blobContributor"]);
        Assert.Equal("0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", ids["tableContributor"]);
        Assert.Equal("4633458b-17de-408a-b874-0445c86b69e6", ids["secretsUser"]);
        Assert.Equal("a638d3c7-ab3a-418d-83e6-5f17a39d4fde", ids["eventsReceiver"]);
        Assert.Equal(7, ids.Count);
        var owner = template.Of(Role).Single(r => ((string)r["properties"]!["roleDefinitionId"]!).Contains("blobOwner", StringComparison.Ordinal));
        Assert.Contains("host", (string)owner["scope"]!, StringComparison.Ordinal);
        Assert.Equal(
            [("data-role", "blobContributor", "dataContainers"), ("log-role", "blobContributor", "logContainers"), ("rows-role", "tableContributor", ""), ("statistics-role", "blobContributor", "statisticsContainers")],
            new[] { "data-role", "log-role", "rows-role", "statistics-role" }.Select(m => (m, ((string)template.Given(m, "role")!).Split('.')[1].TrimEnd(']'), ((string?)template.Given(m, "containers") ?? "''").Split('\'')[1])));
    }

    [Fact]
    public void Each_account_the_vault_and_the_stream_are_reached_by_a_private_end_point()
    {
        var groups = template.Of("Microsoft.Resources/deployments").Where(d => d["properties"]!["parameters"]?["group"] is not null).Select(d => (string)d["properties"]!["parameters"]!["group"]!["value"]!);

        // Four accounts, each with the one for blobs; the other is made where there are tables.
        Assert.Equal(["blob", "blob", "blob", "blob", "namespace", "table", "table", "table", "table", "vault"], groups.Order(StringComparer.Ordinal));
        Assert.Equal("Disabled", (string?)template.Of("Microsoft.KeyVault/vaults").Single()["properties"]!["publicNetworkAccess"]);
        Assert.Equal("Deny", (string?)template.Of("Microsoft.EventHub/namespaces/networkRuleSets").Single()["properties"]!["defaultAction"]);
    }

    [Fact]
    public void The_only_keys_are_the_publishers_and_they_send_only()
    {
        var rule = template.Of("Microsoft.EventHub/namespaces/eventhubs/authorizationRules").Single();
        Assert.Equal(["Send"], rule["properties"]!["rights"]!.AsArray().Select(r => (string)r!));
        Assert.Equal("[empty(parameters('publishers'))]", (string?)template.Of("Microsoft.EventHub/namespaces").Single()["properties"]!["disableLocalAuth"]);
        Assert.True((bool)template.Of("Microsoft.Insights/components").Single()["properties"]!["DisableLocalAuth"]!);
        Assert.All(template.Of("Microsoft.Web/sites/basicPublishingCredentialsPolicies"), p => Assert.False((bool)p["properties"]!["allow"]!));
        var text = template.Json.ToJsonString();
        Assert.DoesNotContain("listKeys", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("AccountKey=", text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_vaults_secrets_can_be_brought_back_and_not_purged()
    {
        var vault = template.Of("Microsoft.KeyVault/vaults").Single()["properties"]!;
        Assert.True((bool)vault["enablePurgeProtection"]! && (bool)vault["enableRbacAuthorization"]! && (bool)vault["enableSoftDelete"]!);
    }

    [Fact]
    public void The_program_is_reached_through_the_front_alone()
    {
        var site = template.Of("Microsoft.Web/sites").Single()["properties"]!;
        Assert.True((bool)site["httpsOnly"]!);
        var restrictions = site["siteConfig"]!;
        Assert.Equal(("Deny", "Deny"), ((string?)restrictions["ipSecurityRestrictionsDefaultAction"], (string?)restrictions["scmIpSecurityRestrictionsDefaultAction"]));
        var only = restrictions["ipSecurityRestrictions"]!.AsArray().Single()!;
        Assert.Equal(("AzureFrontDoor.Backend", "[parameters('frontDoorId')]"), ((string?)only["ipAddress"], (string?)only["headers"]!["x-azure-fdid"]![0]));
        Assert.Equal("Disabled", (string?)template.Of("Microsoft.Cdn/profiles/afdEndpoints/routes").Single()["properties"]!["linkToDefaultDomain"]);
        Assert.Equal("FC1", (string?)template.Of("Microsoft.Web/serverfarms").Single()["sku"]!["name"]);
    }

    [Fact]
    public void The_program_gets_the_settings_that_it_reads()
    {
        var settings = template.Module("app")["properties"]!["parameters"]!["settings"]!["value"]!.ToJsonString();
        foreach (var name in new[] { EventHubTrigger.HubSetting, EventHubTrigger.ConsumerGroupSetting, EventHubTrigger.ConnectionSetting + "__fullyQualifiedNamespace", "PMD_STORAGE_ACCOUNT", "PMD_STORAGE_LOG_ACCOUNT", "PMD_STORAGE_STATISTICS_ACCOUNT", "PMD_STORAGE_IDENTITY", "PMD_MASTER_KEYS", "PMD_NUMBERS", "Auth__PublicBaseUrl", PasientensMaledata.Functions.Hosting.Telemetry.ApplicationInsightsSetting, PasientensMaledata.Functions.Hosting.Telemetry.ApplicationInsightsIdentitySetting })
        {
            Assert.Contains(name, settings, StringComparison.Ordinal);
        }

        Assert.Contains("@Microsoft.KeyVault(SecretUri=", settings, StringComparison.Ordinal);
    }

    [Fact]
    public void What_happens_to_each_resource_with_data_is_kept_in_the_workspace()
    {
        var kept = template.Of("Microsoft.Insights/diagnosticSettings").Select(d => Scope((string)d["scope"]!)).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(
            new[] { "Microsoft.Cdn/profiles", "Microsoft.EventHub/namespaces", "Microsoft.KeyVault/vaults", Account + "/blobServices", Account + "/tableServices", "Microsoft.Web/sites" }.Order(StringComparer.Ordinal),
            kept);
    }

    [Fact]
    public void Cost_has_a_budget_and_telemetry_a_cap()
    {
        Assert.Equal("[parameters('monthlyBudget')]", (string?)template.Of("Microsoft.Consumption/budgets").Single()["properties"]!["amount"]);
        Assert.Equal("[parameters('dailyCapGb')]", (string?)template.Of("Microsoft.OperationalInsights/workspaces").Single()["properties"]!["workspaceCapping"]!["dailyQuotaGb"]);
    }

    [Fact]
    public void Each_alert_is_there()
    {
        var alerts = template.Module("alerts")["properties"]!["template"]!["variables"]!.AsObject().First(v => v.Value is JsonArray).Value!.AsArray().Select(a => (string)a!["name"]!);
        Assert.Equal(["log-lag", "refused-rate", "server-errors", "throttling", "verify-log-failed", "patients-per-practitioner", "log-deleted"], alerts);
    }

    [Fact]
    public void A_policy_that_is_locked_is_left_alone_and_who_would_lock_it_is_warned()
    {
        Assert.Equal("[not(parameters('logIsLocked'))]", (string?)template.Module("immutability")["condition"]);
        Assert.Contains("WARNING: that cannot be undone", (string?)template.Json["parameters"]!["lockLog"]!["metadata"]!["description"], StringComparison.Ordinal);
        Assert.All(new[] { "lockLog", "logIsLocked" }, p => Assert.False((bool)template.Json["parameters"]![p]!["defaultValue"]!));
    }

    [Fact]
    public void The_program_runs_as_a_custom_handler_or_as_an_isolated_worker()
    {
        Assert.Equal(["custom", "dotnet-isolated"], template.Json["parameters"]!["hosting"]!["allowedValues"]!.AsArray().Select(v => (string)v!));
        Assert.Equal("[parameters('hosting')]", (string?)template.Given("app", "hosting"));
        Assert.Equal(
            "[if(equals(parameters('hosting'), 'custom'), createObject('name', 'custom', 'version', '1.0'), createObject('name', 'dotnet-isolated', 'version', '10.0'))]",
            (string?)template.Of("Microsoft.Web/sites").Single()["properties"]!["functionAppConfig"]!["runtime"]);
    }

    [Fact]
    public void What_can_be_spread_over_zones_is()
    {
        Assert.Equal("[if(parameters('zoneRedundant'), 'Standard_ZRS', 'Standard_LRS')]", (string?)template.Json["variables"]!["sku"]);
        Assert.All(new[] { "data", "log", "statistics", "host" }, m => Assert.Equal("[variables('sku')]", (string?)template.Given(m, "sku")));
        Assert.All(new[] { "app", "stream" }, m => Assert.Equal("[parameters('zoneRedundant')]", (string?)template.Given(m, "zoneRedundant")));
        Assert.Equal("[parameters('zoneRedundant')]", (string?)template.Of("Microsoft.Web/serverfarms").Single()["properties"]!["zoneRedundant"]);
        Assert.Equal("[parameters('zoneRedundant')]", (string?)template.Of("Microsoft.EventHub/namespaces").Single()["properties"]!["zoneRedundant"]);
    }

    [Fact]
    public void The_hub_has_a_consumer_group_of_the_programs_own_and_takes_no_old_TLS()
    {
        Assert.Equal("[variables('hubName')]", (string?)template.Given("stream", "hubName"));
        Assert.Equal("[variables('consumerGroup')]", (string?)template.Given("stream", "consumerGroupName"));
        Assert.Contains("parameters('consumerGroupName')", (string?)template.Of("Microsoft.EventHub/namespaces/eventhubs/consumergroups").Single()["name"], StringComparison.Ordinal);
        Assert.Equal("1.2", (string?)template.Of("Microsoft.EventHub/namespaces").Single()["properties"]!["minimumTlsVersion"]);
        var settings = template.Given("app", "settings")!.ToJsonString();
        Assert.Contains("'EventHubName', variables('hubName')", settings.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("'EventHubConsumerGroup', variables('consumerGroup')", settings.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data", "refusedDays", "refused/")]
    [InlineData("statistics", "statisticsDays", "readContainers")]
    public void What_is_kept_for_a_time_is_deleted_after_it(string module, string days, string where)
    {
        var definition = template.Given(module, "lifecycleRules")!.AsArray().Single()!["definition"]!;
        Assert.Equal($"[parameters('{days}')]", (string?)definition["actions"]!["baseBlob"]!["delete"]!["daysAfterModificationGreaterThan"]);
        Assert.Contains(where, definition["filters"]!["prefixMatch"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Single(template.Module(module)["properties"]!["template"]!["resources"]!.AsObject(), r => (string?)r.Value!["type"] == Account + "/managementPolicies");
    }

    [Fact]
    public void What_was_refused_is_kept_as_long_by_the_program_as_by_the_account() =>
        Assert.Contains("'PMD_REFUSED_DAYS', string(parameters('refusedDays'))", template.Given("app", "settings")!.ToJsonString().Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);

    [Fact]
    public void The_host_name_is_that_of_the_front_and_of_callers_proofs()
    {
        Assert.Equal("[parameters('hostName')]", (string?)template.Given("front", "hostName"));
        var domain = template.Of("Microsoft.Cdn/profiles/customDomains").Single()["properties"]!;
        Assert.Equal(("[parameters('hostName')]", "TLS12"), ((string?)domain["hostName"], (string?)domain["tlsSettings"]!["minimumTlsVersion"]));
        Assert.Equal(["Https"], template.Of("Microsoft.Cdn/profiles/afdEndpoints/routes").Single()["properties"]!["supportedProtocols"]!.AsArray().Select(p => (string)p!));
        Assert.Contains("'Auth__PublicBaseUrl', format('https://{0}', parameters('hostName'))", template.Given("app", "settings")!.ToJsonString().Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Named_groups_read_statistics_and_nothing_more()
    {
        var readers = template.Resources.Single(r => (string?)r["copy"]?["name"] == "readerRole")["properties"]!["parameters"]!;
        Assert.Equal("[variables('roles').blobReader]", (string?)readers["role"]!["value"]);
        Assert.Equal("[variables('readContainers')]", (string?)readers["containers"]!["value"]);
        Assert.Equal("Group", (string?)readers["principalType"]!["value"]);
        Assert.Contains("'statistics'", readers["account"]!.ToJsonString().Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Alerts_and_the_budget_reach_those_on_call()
    {
        Assert.Equal("[parameters('actionGroup')]", (string?)template.Of("Microsoft.Insights/scheduledQueryRules").Single()["properties"]!["actions"]!["actionGroups"]![0]);
        Assert.All(template.Of("Microsoft.Consumption/budgets").Single()["properties"]!["notifications"]!.AsObject(), n => Assert.Equal("[parameters('alertEmails')]", (string?)n.Value!["contactEmails"]));
    }

    [Fact]
    public void The_costs_count_what_the_template_makes()
    {
        var alerts = template.Module("alerts")["properties"]!["template"]!["variables"]!.AsObject().First(v => v.Value is JsonArray).Value!.AsArray();
        var zones = template.Module("network")["properties"]!["template"]!["variables"]!["zones"]!.AsObject();

        // One for each account's blobs, for tables where there are any, and for the vault and the stream.
        var accounts = new[] { "data", "log", "statistics", "host" };
        var endpoints = accounts.Length + accounts.Count(m => template.Given(m, "tables") is not null)
            + template.Of("Microsoft.Resources/deployments").Count(d => (string?)d["properties"]!["parameters"]?["group"]?["value"] is "vault" or "namespace");
        Assert.Equal((alerts.Count, zones.Count, endpoints), (Costs.Alerts, Costs.Zones, Costs.Endpoints));
    }

    // The type of what a resource is attached to, from "[resourceId('type', ...)]" or "[format('type/..')]".
    private static string Scope(string expression)
    {
        var types = System.Text.RegularExpressions.Regex.Matches(expression, @"'(Microsoft\.[A-Za-z]+(?:/[A-Za-z]+)+)'");
        return types.Count > 0 ? types[0].Groups[1].Value : expression;
    }
}
