using System.Text.Json.Nodes;
using PasientensMaledata.Functions;
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
    public void The_log_takes_appends_and_nothing_else_for_as_long_as_it_is_kept()
    {
        var policy = template.Of(Account + "/blobServices/containers/immutabilityPolicies").Single()["properties"]!;
        Assert.True((bool)policy["allowProtectedAppendWrites"]!);
        Assert.Equal("[parameters('retentionDays')]", (string?)policy["immutabilityPeriodSinceCreationInDays"]);
        Assert.Equal("[parameters('logRetentionDays')]", (string?)template.Given("immutability", "retentionDays"));
        Assert.Equal("[variables('logContainers')]", (string?)template.Given("immutability", "containers"));
        Assert.Equal(["journal", "sequence", "tile", "checkpoint"], template.Json["variables"]!["logContainers"]!.AsArray().Select(c => (string)c!));

        // What is deleted by age is deleted by the same figure.
        var rule = template.Given("log", "lifecycleRules")![0]!["definition"]!["actions"]!["baseBlob"]!["delete"]!;
        Assert.Equal("[parameters('logRetentionDays')]", (string?)rule["daysAfterModificationGreaterThan"]);
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

    // The type of what a resource is attached to, from "[resourceId('type', ...)]" or "[format('type/..')]".
    private static string Scope(string expression)
    {
        var types = System.Text.RegularExpressions.Regex.Matches(expression, @"'(Microsoft\.[A-Za-z]+(?:/[A-Za-z]+)+)'");
        return types.Count > 0 ? types[0].Groups[1].Value : expression;
    }
}
