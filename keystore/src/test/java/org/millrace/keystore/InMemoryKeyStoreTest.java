package org.millrace.keystore;

final class InMemoryKeyStoreTest extends KeyStoreContractTest {
    @Override
    KeyStore open(KeyStoreSettings settings) {
        return settings.openInMemory();
    }

    @Override
    KeyStore reopen(KeyStore open, KeyStoreSettings settings) {
        return open;
    }
}
