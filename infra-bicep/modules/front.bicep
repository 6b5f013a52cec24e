// The public front. Callers sign the address they call (the claim htu of a DPoP proof), so the service has a host name of its own that never changes.
param name string
param tags object
param hostName string
param origin string

resource profile 'Microsoft.Cdn/profiles@2024-09-01' existing = { name: name }

resource endpoint 'Microsoft.Cdn/profiles/afdEndpoints@2024-09-01' = {
  parent: profile
  name: name
  location: 'global'
  tags: tags
  properties: { enabledState: 'Enabled' }
}

resource domain 'Microsoft.Cdn/profiles/customDomains@2024-09-01' = {
  parent: profile
  name: replace(hostName, '.', '-')
  properties: { hostName: hostName, tlsSettings: { certificateType: 'ManagedCertificate', minimumTlsVersion: 'TLS12' } }
}

resource group 'Microsoft.Cdn/profiles/originGroups@2024-09-01' = {
  parent: profile
  name: 'program'
  properties: {
    loadBalancingSettings: { sampleSize: 4, successfulSamplesRequired: 3 }
    healthProbeSettings: { probePath: '/health', probeProtocol: 'Https', probeRequestType: 'GET', probeIntervalInSeconds: 60 }
  }

  resource program 'origins' = {
    name: 'program'
    properties: { hostName: origin, originHostHeader: origin, httpsPort: 443, enforceCertificateNameCheck: true }
  }
}

// Nothing is cached: every answer is about people.
resource route 'Microsoft.Cdn/profiles/afdEndpoints/routes@2024-09-01' = {
  parent: endpoint
  name: 'all'
  properties: {
    customDomains: [{ id: domain.id }]
    originGroup: { id: group.id }
    patternsToMatch: ['/*']
    supportedProtocols: ['Https']
    forwardingProtocol: 'HttpsOnly'
    httpsRedirect: 'Disabled'
    linkToDefaultDomain: 'Disabled'
  }
  dependsOn: [group::program]
}
