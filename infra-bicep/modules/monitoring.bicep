// Where the program's telemetry and the resources' diagnostics go, with a cap on what a day may cost.
param name string
param location string
param tags object
param dailyCapGb int
param principal string
param publisherRole string
param alertEmails string[]

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 90
    workspaceCapping: { dailyQuotaGb: dailyCapGb }
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: { Application_Type: 'web', WorkspaceResourceId: workspace.id, DisableLocalAuth: true, DisableIpMasking: false, IngestionMode: 'LogAnalytics' }
}

resource publisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, publisherRole, principal)
  properties: {
    principalId: principal
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', publisherRole)
  }
}

resource onCall 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${name}-on-call'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'pmd'
    enabled: true
    emailReceivers: [for (address, i) in alertEmails: { name: 'on-call-${i}', emailAddress: address, useCommonAlertSchema: true }]
  }
}

output workspace string = workspace.id
output insights string = insights.id
output connectionString string = insights.properties.ConnectionString
output actionGroup string = onCall.id
