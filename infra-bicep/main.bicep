// Everything that the service needs in Azure, in one resource group. ./deploy calls it; docs/deploy.md tells the order of things.
targetScope = 'resourceGroup'

@description('What names begin with: letters and digits, since names of storage accounts have no others.')
@minLength(3)
@maxLength(11)
param prefix string
@allowed(['test', 'production'])
param environmentName string
param location string = resourceGroup().location
@description('How the program runs: as a custom handler, which is what the tests run, or as a .NET isolated worker.')
@allowed(['custom', 'dotnet-isolated'])
param hosting string = 'custom'
@description('Spread over zones. Norway East has three.')
param zoneRedundant bool
@description('The public host name. Callers sign it into their DPoP proofs, so it is to stay the same.')
param hostName string
@description('Days that the access log is kept, and that no one can delete from it.')
@minValue(1)
@maxValue(146000)
param logRetentionDays int
@description('Whether the policy of the log is to be locked. WARNING: that cannot be undone. A locked policy can only be lengthened, and the account cannot be deleted before the last blob has passed its time.')
param lockLog bool = false
@description('Whether it is locked already: then the template leaves it alone, since Azure refuses to set a locked policy. ./deploy finds out.')
param logIsLocked bool = false
@description('Days that refused submissions are kept for the operator to look at.')
@minValue(7)
@maxValue(3650)
param refusedDays int
@description('Days that files of statistics are kept.')
@minValue(1)
param statisticsDays int
@description('Who may send to the stream: a name, and the address ranges they send from.')
param publishers { name: string, addressRanges: string[] }[] = []
@description('Who may read statistics: object ids of groups in this tenant, and the address ranges they read from.')
param statisticsReaders { group: string, addressRanges: string[] }[] = []
@description('Address ranges from which packages are deployed.')
param deployAddressRanges string[] = []
@description('Which person numbers are accepted.')
@allowed(['strict', 'synthetic'])
param numbers string
@description('Settings of authentication, Auth__… : issuers, audiences, scopes. No secret among them.')
param authentication object
param alertEmails string[]
param monthlyBudget int
param budgetStart string
param dailyCapGb int
param alwaysReady int
param maximumInstances int
@allowed([2048, 4096])
param instanceMemoryMb int
param throughputUnits int = 1
param maximumThroughputUnits int = 4

var tags = { service: 'pmd', environment: environmentName }
var short = toLower(replace(prefix, '-', ''))
var name = '${short}-${environmentName}'
var accountPrefix = '${short}${environmentName == 'production' ? 'prod' : 'test'}'
var sku = zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'
var logContainers = ['journal', 'sequence', 'tile', 'checkpoint']
var dataContainers = ['keys', 'participants', 'refused', 'verified']
var statisticsContainers = ['statistics', 'statistics-raw', 'statistics-open']
// What recipients read; the calendar of the exports is the program's own.
var readContainers = ['statistics-raw', 'statistics-open']
var hubName = 'observations'
var consumerGroup = 'pmd'
var packageContainer = 'package'

// Built-in roles of Azure.
var roles = {
  blobContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  blobOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  blobReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  tableContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  secretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  eventsReceiver: 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'
  metricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags
}

module network 'modules/network.bicep' = {
  name: 'network'
  params: { name: name, location: location, tags: tags }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    name: name
    location: location
    tags: tags
    dailyCapGb: dailyCapGb
    principal: identity.properties.principalId
    publisherRole: roles.metricsPublisher
    alertEmails: alertEmails
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    name: name
    location: location
    tags: tags
    insights: monitoring.outputs.insights
    workspace: monitoring.outputs.workspace
    logAccount: log.outputs.name
    actionGroup: monitoring.outputs.actionGroup
    monthlyBudget: monthlyBudget
    alertEmails: alertEmails
    budgetStart: budgetStart
  }
}

// Patients' rows, keys and what was refused.
module data 'modules/storage-account.bicep' = {
  name: 'data'
  params: {
    name: '${accountPrefix}data'
    location: location
    tags: tags
    sku: sku
    containers: dataContainers
    tables: ['pmd']
    lifecycleRules: [
      {
        name: 'refused'
        enabled: true
        type: 'Lifecycle'
        definition: {
          filters: { blobTypes: ['blockBlob', 'appendBlob'], prefixMatch: ['refused/'] }
          actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: refusedDays } } }
        }
      }
    ]
    endpointSubnet: network.outputs.endpointSubnet
    zones: network.outputs.zones
    workspace: monitoring.outputs.workspace
  }
}

// The access log: appended to, never changed.
module log 'modules/storage-account.bicep' = {
  name: 'log'
  params: {
    name: '${accountPrefix}log'
    location: location
    tags: tags
    sku: sku
    isLog: true
    containers: logContainers
    // Nothing of the log is deleted by age: every proof stands on the hashes of its oldest events.
    lifecycleRules: []
    endpointSubnet: network.outputs.endpointSubnet
    zones: network.outputs.zones
    workspace: monitoring.outputs.workspace
  }
}

module immutability 'modules/log-immutability.bicep' = if (!logIsLocked) {
  name: 'immutability'
  params: { account: log.outputs.name, containers: logContainers, retentionDays: logRetentionDays }
}

// Usage data, for named readers from named networks.
module statistics 'modules/storage-account.bicep' = {
  name: 'statistics'
  params: {
    name: '${accountPrefix}stat'
    location: location
    tags: tags
    sku: sku
    containers: statisticsContainers
    readerAddressRanges: flatten(map(statisticsReaders, r => r.addressRanges))
    lifecycleRules: [
      {
        name: 'statistics'
        enabled: true
        type: 'Lifecycle'
        definition: {
          filters: { blobTypes: ['blockBlob'], prefixMatch: map(readContainers, c => '${c}/') }
          actions: { baseBlob: { tierToCool: { daysAfterModificationGreaterThan: 30 }, delete: { daysAfterModificationGreaterThan: statisticsDays } } }
        }
      }
    ]
    endpointSubnet: network.outputs.endpointSubnet
    zones: network.outputs.zones
    workspace: monitoring.outputs.workspace
  }
}

// The host's own: packages, leases, checkpoints of the stream. Apart, since the host wants a broad role, and nothing of a patient lies here.
module host 'modules/storage-account.bicep' = {
  name: 'host'
  params: {
    name: '${accountPrefix}host'
    location: location
    tags: tags
    sku: sku
    containers: [packageContainer]
    endpointSubnet: network.outputs.endpointSubnet
    zones: network.outputs.zones
    workspace: monitoring.outputs.workspace
  }
}

module rowsRole 'modules/table-role.bicep' = {
  name: 'rows-role'
  params: { account: data.outputs.name, tableName: 'pmd', role: roles.tableContributor, principal: identity.properties.principalId }
}

module dataRole 'modules/container-role.bicep' = {
  name: 'data-role'
  params: { account: data.outputs.name, containers: dataContainers, role: roles.blobContributor, principal: identity.properties.principalId }
}

module logRole 'modules/container-role.bicep' = {
  name: 'log-role'
  params: { account: log.outputs.name, containers: logContainers, role: roles.blobContributor, principal: identity.properties.principalId }
}

module statisticsRole 'modules/container-role.bicep' = {
  name: 'statistics-role'
  params: { account: statistics.outputs.name, containers: statisticsContainers, role: roles.blobContributor, principal: identity.properties.principalId }
}

module readerRole 'modules/container-role.bicep' = [for (reader, i) in statisticsReaders: {
  name: 'statistics-reader-${i}'
  params: { account: statistics.outputs.name, containers: readContainers, role: roles.blobReader, principal: reader.group, principalType: 'Group' }
}]

// The host makes its containers itself, so its role is on its account; that account holds nothing else.
resource hostAccount 'Microsoft.Storage/storageAccounts@2024-01-01' existing = { name: '${accountPrefix}host' }

resource hostRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostAccount
  name: guid(hostAccount.id, roles.blobOwner, identity.id)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobOwner)
  }
  dependsOn: [host]
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    name: '${accountPrefix}kv'
    location: location
    tags: tags
    principal: identity.properties.principalId
    vaultRole: roles.secretsUser
    endpointSubnet: network.outputs.endpointSubnet
    zones: network.outputs.zones
    workspace: monitoring.outputs.workspace
  }
}

module stream 'modules/event-hub.bicep' = {
  name: 'stream'
  params: {
    name: '${name}-stream'
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    hubName: hubName
    consumerGroupName: consumerGroup
    publishers: publishers
    throughputUnits: throughputUnits
    maximumThroughputUnits: maximumThroughputUnits
    retentionDays: 7
    principal: identity.properties.principalId
    receiverRole: roles.eventsReceiver
    endpointSubnet: network.outputs.endpointSubnet
    zones: network.outputs.zones
    workspace: monitoring.outputs.workspace
  }
}

resource frontDoor 'Microsoft.Cdn/profiles@2024-09-01' = {
  name: name
  location: 'global'
  tags: tags
  sku: { name: 'Standard_AzureFrontDoor' }
  // Longer than the service takes for its largest body.
  properties: { originResponseTimeoutSeconds: 120 }
}

resource frontDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: frontDoor
  name: 'to-workspace'
  properties: { workspaceId: monitoring.outputs.workspace, metrics: [{ category: 'AllMetrics', enabled: true }] }
}

module app 'modules/function-app.bicep' = {
  name: 'app'
  params: {
    name: name
    location: location
    tags: tags
    hosting: hosting
    identity: identity.id
    identityClientId: identity.properties.clientId
    programSubnet: network.outputs.programSubnet
    hostAccount: host.outputs.name
    packageContainer: packageContainer
    alwaysReady: alwaysReady
    maximumInstances: maximumInstances
    instanceMemoryMb: instanceMemoryMb
    zoneRedundant: zoneRedundant
    frontDoorId: frontDoor.properties.frontDoorId
    deployAddressRanges: deployAddressRanges
    workspace: monitoring.outputs.workspace
    settings: union(authentication, {
      AzureWebJobsStorage__accountName: host.outputs.name
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identity.properties.clientId
      AzureWebJobsDisableHomepage: 'true'
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
      // What the exporter would tell its maker of itself.
      APPLICATIONINSIGHTS_STATSBEAT_DISABLED: 'true'
      EventHubConnection__fullyQualifiedNamespace: stream.outputs.fullyQualifiedNamespace
      EventHubConnection__credential: 'managedidentity'
      EventHubConnection__clientId: identity.properties.clientId
      EventHubName: hubName
      EventHubConsumerGroup: consumerGroup
      PMD_STORAGE: 'azure'
      PMD_STORAGE_ACCOUNT: data.outputs.name
      PMD_STORAGE_LOG_ACCOUNT: log.outputs.name
      PMD_STORAGE_STATISTICS_ACCOUNT: statistics.outputs.name
      PMD_STORAGE_IDENTITY: identity.properties.clientId
      PMD_MASTER_KEYS: '@Microsoft.KeyVault(SecretUri=${vault.outputs.masterKeysUri})'
      PMD_NUMBERS: numbers
      PMD_REFUSED_DAYS: string(refusedDays)
      Auth__Mode: 'Required'
      Auth__PublicBaseUrl: 'https://${hostName}'
    })
  }
}

module front 'modules/front.bicep' = {
  name: 'front'
  params: { name: frontDoor.name, tags: tags, hostName: hostName, origin: app.outputs.hostName }
}

output appName string = name
output publicUrl string = 'https://${hostName}'
output logAccount string = log.outputs.name
output lockLog bool = lockLog
output logContainers string[] = logContainers
