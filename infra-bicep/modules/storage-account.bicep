// A storage account as every one here is: no public blobs, no keys, no public network unless readers are named, private end points, diagnostics.
param name string
param location string
param tags object
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS'])
param sku string
param containers string[]
param tables string[] = []
@description('Names of containers whose immutability keeps versions out: the log.')
param isLog bool = false
@description('Address ranges that may read from outside the virtual network; none closes the public network.')
param readerAddressRanges string[] = []
@description('Days that what was deleted can be brought back.')
@minValue(7)
param recoverDays int = 30
param lifecycleRules array = []
param endpointSubnet string
param zones object
param workspace string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    publicNetworkAccess: empty(readerAddressRanges) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: 'Deny'
      ipRules: [for range in readerAddressRanges: { value: range, action: 'Allow' }]
    }
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      services: { blob: { enabled: true }, table: { enabled: true, keyType: 'Account' } }
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: recoverDays }
    containerDeleteRetentionPolicy: { enabled: true, days: recoverDays }
    // Append blobs grow by thousands of small writes; a version of each would be kept for nothing.
    isVersioningEnabled: false
  }

  resource container 'containers' = [for container in containers: {
    name: container
    properties: { publicAccess: 'None' }
  }]
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2024-01-01' = if (!empty(tables)) {
  parent: account
  name: 'default'

  resource table 'tables' = [for table in tables: { name: table }]
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = if (!empty(lifecycleRules)) {
  parent: account
  name: 'default'
  properties: { policy: { rules: lifecycleRules } }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = {
  scope: account
  name: 'keep'
  properties: { level: 'CanNotDelete', notes: isLog ? 'Holds the access log.' : 'Holds data.' }
}

module blobEndpoint 'private-endpoint.bicep' = {
  name: '${name}-blob'
  params: { target: account.id, targetName: name, group: 'blob', location: location, tags: tags, subnet: endpointSubnet, zone: zones.blob }
}

module tableEndpoint 'private-endpoint.bicep' = if (!empty(tables)) {
  name: '${name}-table'
  params: { target: account.id, targetName: name, group: 'table', location: location, tags: tags, subnet: endpointSubnet, zone: zones.table }
}

resource blobDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'to-workspace'
  properties: {
    workspaceId: workspace
    logs: [{ category: 'StorageDelete', enabled: true }, { category: 'StorageWrite', enabled: isLog }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

resource tableDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(tables)) {
  scope: tableService
  name: 'to-workspace'
  properties: {
    workspaceId: workspace
    logs: [{ category: 'StorageDelete', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

output id string = account.id
output name string = account.name
