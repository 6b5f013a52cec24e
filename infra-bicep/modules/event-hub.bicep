// The stream: a hub, a consumer group, and for each publisher a policy of its own that may send and nothing else.
param name string
param location string
param tags object
param zoneRedundant bool
param hubName string
param consumerGroupName string
@description('Who may send: a name, and the address ranges they send from.')
param publishers { name: string, addressRanges: string[] }[]
param throughputUnits int
param maximumThroughputUnits int
param retentionDays int
param principal string
param receiverRole string
param endpointSubnet string
param zones object
param workspace string

var publisherRanges = flatten(map(publishers, p => p.addressRanges))

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: 'Standard', tier: 'Standard', capacity: throughputUnits }
  properties: {
    minimumTlsVersion: '1.2'
    zoneRedundant: zoneRedundant
    isAutoInflateEnabled: maximumThroughputUnits > throughputUnits
    maximumThroughputUnits: maximumThroughputUnits > throughputUnits ? maximumThroughputUnits : 0
    // Publishers sign with the key of their policy; they have no identity in this tenant. Without publishers there is no key at all.
    disableLocalAuth: empty(publishers)
    publicNetworkAccess: empty(publisherRanges) ? 'Disabled' : 'Enabled'
  }

  resource rules 'networkRuleSets' = {
    name: 'default'
    properties: {
      defaultAction: 'Deny'
      publicNetworkAccess: empty(publisherRanges) ? 'Disabled' : 'Enabled'
      trustedServiceAccessEnabled: false
      ipRules: [for range in publisherRanges: { ipMask: range, action: 'Allow' }]
    }
  }

  resource hub 'eventhubs' = {
    name: hubName
    properties: { partitionCount: 8, retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: retentionDays * 24 } }

    resource group 'consumergroups' = { name: consumerGroupName }

    resource policy 'authorizationRules' = [for publisher in publishers: {
      name: publisher.name
      properties: { rights: ['Send'] }
    }]
  }
}

resource receiver 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: namespace::hub
  name: guid(namespace::hub.id, receiverRole, principal)
  properties: {
    principalId: principal
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', receiverRole)
  }
}

module endpoint 'private-endpoint.bicep' = {
  name: '${name}-namespace'
  params: { target: namespace.id, targetName: name, group: 'namespace', location: location, tags: tags, subnet: endpointSubnet, zone: zones.namespace }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: namespace
  name: 'to-workspace'
  properties: {
    workspaceId: workspace
    logs: [{ category: 'OperationalLogs', enabled: true }, { category: 'RuntimeAuditLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output fullyQualifiedNamespace string = '${name}.servicebus.windows.net'
