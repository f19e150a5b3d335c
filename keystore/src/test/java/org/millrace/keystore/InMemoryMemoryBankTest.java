package org.millrace.keystore;

final class InMemoryMemoryBankTest extends MemoryBankContractTest {
    @Override
    MemoryBank open(MemoryBankSettings settings) {
        return settings.openInMemory();
    }

    @Override
    MemoryBank reopen(MemoryBank open, MemoryBankSettings settings) {
        return open;
    }
}
