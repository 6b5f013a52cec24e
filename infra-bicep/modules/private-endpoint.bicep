// The only way to a resource from the virtual network.
param target string
param targetName string
@allowed(['blob', 'table', 'vault', 'namespace'])
param group string
param location string
param tags object
param subnet string
param zone string

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: '${targetName}-${group}'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnet }
    privateLinkServiceConnections: [
      { name: group, properties: { privateLinkServiceId: target, groupIds: [group] } }
    ]
  }

  resource name 'privateDnsZoneGroups' = {
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: group, properties: { privateDnsZoneId: zone } }] }
  }
}
